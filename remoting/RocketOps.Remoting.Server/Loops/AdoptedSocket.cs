using System.Net;

namespace RocketOps.Remoting.Server.Loops;

/// <summary>An accepted connection on its way to the event loop it is to stay with, which owns the descriptor from then on.</summary>
internal readonly record struct AdoptedSocket(int Descriptor, IPEndPoint Remote, IPEndPoint Local);
