namespace RocketOps.Remoting.Server.Connections;

/// <summary>Transport of the connections of a server.</summary>
public enum RemotingTransport
{
    /// <summary>The event loop where it runs (64-bit Linux), else pipes. <c>ROCKETOPS_TRANSPORT=loop|pipe</c> decides otherwise, so that every test can run over both.</summary>
    Default,

    /// <summary>Event loops of our own over epoll.</summary>
    EventLoop,

    /// <summary>A stream for each connection, over pipes.</summary>
    Pipe,
}
