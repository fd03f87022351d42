"""The task record that several layouts of one tool share, wherever it stands."""
