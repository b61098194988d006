"""The effects that ship with Scumble, one file each; they are found like anybody else's, by entry point."""
