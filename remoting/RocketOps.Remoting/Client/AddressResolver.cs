using System.Net;
using System.Net.Sockets;

namespace RocketOps.Remoting.Client;

/// <summary>
/// Finds the addresses of one <c>host:port</c>, at least one, in the order to be tried. Throws <see cref="SocketException"/> when the name is unknown and
/// <see cref="FormatException"/> when it is malformed.
/// </summary>
public delegate Task<IReadOnlyList<IPEndPoint>> AddressResolver(string address, CancellationToken cancellationToken);
