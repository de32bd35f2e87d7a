# Les mots du lecteur. Un message par ligne ; seules les variables sont remplacées.

state-idle = Arrêté
state-asking = Demande
state-connecting = Connexion
state-first_frame = Première image
state-catching_up = Rattrapage
state-live = En direct
state-waiting = En attente
state-failed = Pas d’image
state-retrying = Nouvel essai dans { $time }

step-asking = Demande au serveur
step-connecting = Recherche d’un chemin à travers le réseau
step-first_frame = Attente de la première image

player-label = Image en direct de { $name }
player-play = Lire
player-stop = Arrêter
player-mute = Couper le son
player-unmute = Activer le son
player-stats = Mesures
player-fullscreen = Plein écran
player-window = Quitter le plein écran
player-tap = Toucher pour lire
player-retry = Essayer maintenant
player-copy = Copier le diagnostic
player-copied = Copié
player-sign-in = Se connecter

stat-delay = Délai
stat-glass = lu dans l’image
stat-parts = réseau et lecteur
stat-frames = Images
stat-bitrate = Débit
stat-loss = Pertes
stat-jitter = Gigue
stat-buffer = Tampon
stat-rtt = Aller-retour
stat-codec = Vidéo
stat-path = Chemin
stat-freezes = Blocages
stat-freezes-value = { $count } ({ $time })

unit-ms = { $n } ms
unit-kilo = { $n } kbit/s
unit-mega = { $n } Mbit/s
unit-percent = { $n } %
unit-fps = { $n } i/s
unit-seconds = { $n } s
unit-minutes = { $n } min
unit-hours = { $n } h
unit-days = { $n } j

hub_unreachable-title = Lenswire ne répond pas
hub_unreachable-detail = Aucune réponse de { $host }.
hub_unreachable-fix = Vérifiez que Lenswire fonctionne et que cet appareil est sur son réseau. La page continue d’essayer.
socket_refused-title = Le canal de signalisation est refusé
socket_refused-detail = { $host } répond, mais son WebSocket /ws ne s’ouvre pas.
socket_refused-fix = Autorisez les connexions WebSocket dans le proxy placé devant Lenswire, et donnez à public_url l’adresse affichée par le navigateur.
ice_failed-title = Aucun chemin à travers le réseau
ice_failed-detail = { $host } répond, mais ni UDP ni TCP n’atteignent son port média.
ice_failed-fix = Autorisez UDP et TCP vers le port média de Lenswire (8189), ou donnez à media.addresses une adresse que cet appareil peut joindre.
no_picture-title = Aucune image n’arrive
no_picture-detail = La connexion est établie, mais rien d’affichable ne passe.
no_picture-fix = Lenswire s’en occupe. Si cela dure, réglez l’intervalle d’images I de la caméra sur 1 ou 2 secondes.
codec_not_decodable-title = Ce navigateur ne sait pas décoder l’image
codec_not_decodable-detail = La caméra envoie { $codec }. Ce navigateur lit { $known }.
codec_not_decodable-fix = Réglez la vidéo de la caméra sur H.264, ou utilisez un autre navigateur.
webrtc_missing-title = Ce navigateur n’a pas WebRTC
webrtc_missing-detail = Les images en direct demandent RTCPeerConnection, absent de ce navigateur ou de ses réglages.
webrtc_missing-fix = Utilisez une version récente de Chrome, Edge, Firefox ou Safari, et autorisez WebRTC dans ses réglages.
tab_hidden-title = En pause, onglet masqué
tab_hidden-detail = L’onglet était à l’arrière-plan, la lecture a été suspendue.
tab_hidden-fix = Elle reprend dès que l’onglet revient au premier plan.
autoplay_refused-title = Le navigateur attend un geste
autoplay_refused-detail = Il ne lance pas les vidéos seul, souvent pour économiser l’énergie.
autoplay_refused-fix = Touchez l’image.
