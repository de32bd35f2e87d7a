# La console : pages, éléments et leurs mots.

brand = Lenswire
title-streams = Caméras
title-page = { $page } · Lenswire
skip = Aller au contenu
language = Langue
theme = Thème
theme-auto = Comme le système
theme-dark = Sombre
theme-light = Clair
nav-cameras = Caméras
sign-in = Se connecter
sign-out = Se déconnecter
back = Toutes les caméras
copy = Copier
copied = Copié
copy-of = Copier { $what }
retry = Essayer maintenant
copy-diagnostics = Copier le diagnostic
loading = Chargement
since-title = depuis { $when }

summary-live = { $count ->
    [one] { $count } en direct
   *[other] { $count } en direct
}
summary-troubled = { $count ->
    [one] { $count } avec un problème
   *[other] { $count } avec un problème
}

stream-idle = Prête
stream-connecting = Connexion
stream-live = En direct
stream-stalled = Bloquée
stream-retrying = Nouvel essai
stream-retrying-in = Nouvel essai dans { $time }
stream-parked = Hors service
stream-unknown = Inconnu

watching = { $count ->
    [one] { $count } spectateur
   *[other] { $count } spectateurs
}
connect = Connecter
disconnect = Arrêter
connect-name = Connecter { $name }
disconnect-name = Arrêter { $name }
open = Ouvrir
open-name = Ouvrir { $name }
columns = Colonnes
columns-auto = Auto
all-live = Tout en direct
all-still = Tout arrêter
on-demand = démarre quand on regarde

empty-title = Pas encore de caméra
empty-text = Lenswire montre chaque caméra de son fichier de configuration. Ajoutez-en une sous « { $key } » et enregistrez : la page suit d’elle-même.
empty-hidden-title = Aucune caméra ouverte à tous
empty-hidden-text = Aucune des caméras n’est ouverte aux personnes non connectées.
more-hidden = Les caméras qui ne sont pas ouvertes à tous apparaissent après connexion.
silence-title = Lenswire ne répond pas
silence-text = La page continue de demander. Ce que vous voyez date d’il y a { $time }.
silence-first = La page continue de demander.
silence-fix = Vérifiez que Lenswire fonctionne et que cet appareil est sur son réseau.

now = En ce moment
sends = Ce qu’elle envoie
links = Liens
details = Caméra
fact-state = État
fact-delay = Délai
fact-frames = Images
fact-bitrate = Débit
fact-loss = Pertes
fact-path = Chemin
fact-picture = Vidéo
fact-watching = Spectateurs
fact-keyframes = Image clé toutes les
fact-lost = Perdus depuis la caméra
fact-lost-packets = { $count ->
    [one] { $count } paquet
   *[other] { $count } paquets
}
fact-reconnects = Reconnexions
fact-source = Source
fact-substream = Petite image
fact-transport = Transport
fact-viewers = Qui peut regarder
fact-on-demand = Quand elle tourne
viewers-anyone = Tout le monde
viewers-grant = Avec une autorisation
runs-always = Toujours
runs-on-demand = Tant que quelqu’un regarde
source-demo = Caméra de démonstration intégrée
source-none = Publiée de l’extérieur
transport-auto = TCP, UDP si la caméra le veut
transport-tcp = TCP
transport-udp = UDP
track-kind = Piste
track-codec = Codec
track-format = Format
track-browser = Ce navigateur
track-video = Vidéo
track-audio = Son
track-plays = la lit
track-plays-not = ne peut pas la lire
track-none = Encore inconnu. On l’apprend à la première connexion de la caméra.
track-hertz = { $rate } kHz
track-mono = mono
track-stereo = stéréo
link-page = Page
link-page-text = Pour les personnes : cette page.
link-embed = Intégration
link-embed-text = L’image seule, dans un cadre d’une autre page.
link-whep = WHEP
link-whep-text = Pour lecteurs et programmes : OBS, GStreamer, Home Assistant.
link-element = Élément
link-element-text = Le lecteur dans votre propre page.
warnings = À regarder

claim-title = Devenez propriétaire de ce Lenswire
claim-text = La première personne qui ouvre ce lien devient administrateur. Ce navigateur reste connecté.
claim-show = Montrer une fois le jeton d’administrateur
claim-show-text = Pour se connecter depuis un autre navigateur, ou pour des programmes. Il ne peut pas être montré à nouveau.
claim-button = Prendre possession
claim-busy = En cours
claim-missing-title = Le secret manque dans ce lien
claim-missing-text = Un lien de prise de possession finit par # et un secret. Lenswire l’affiche au démarrage ; « { $command } » en crée un autre.
claim-done-title = Il est à vous
claim-done-text = Ce navigateur est connecté comme administrateur.
claim-token = Jeton d’administrateur
claim-token-text = Gardez-le comme un mot de passe. Il n’est montré que maintenant.
claim-continue = Vers les caméras
login-title = Se connecter
login-text = Avec le jeton d’administrateur.
login-token = Jeton
login-button = Se connecter
login-busy = Connexion
login-empty = Saisissez le jeton.
login-wrong = Ce jeton n’est pas valable.
login-help = Pas de jeton sous la main ? « { $command } » sur la machine de Lenswire crée un lien de prise de possession.
login-unclaimed = Personne n’a encore pris possession de ce Lenswire : ouvrez le lien affiché à son démarrage.
login-already = Vous êtes connecté.

missing-title = Il n’y a rien ici
missing-text = { $path } n’est ni une page ni le nom d’une caméra.
