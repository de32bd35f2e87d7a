import socket,threading
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('0.0.0.0',8189))
p=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); p.bind(('0.0.0.0',9189))
u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.bind(('10.9.0.2',0))
import sys
d,a=p.recvfrom(2000); print('proxy got',d,a); u.sendto(d,('10.9.1.1',8189))
d,b=s.recvfrom(2000); print('server got',d,b); s.sendto(b'pong',b)
d,b=u.recvfrom(2000); print('proxy back',d,b); p.sendto(d,a)
