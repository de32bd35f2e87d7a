//! The driver of pictures made on this machine: the demo camera.
