"""The numbers of the CNN and occlusion problems, 1 and 2: held against the layers, the rules of maps and each other."""
