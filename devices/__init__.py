"""The hall's edge: for now the simulator; the gateway, commands and push channels join it here."""
