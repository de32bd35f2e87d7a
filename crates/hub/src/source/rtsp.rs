//! The driver of cameras that are reached by RTSP.
