namespace RocketOps.Hosting.Processes;

/// <summary>A server that serves. Disposing <paramref name="Host"/> stops it in order.</summary>
/// <param name="Host">The running server.</param>
/// <param name="Banner">The line that says so, in the words health checks and scripts look for in RocketMQ's output.</param>
/// <param name="Failed">Ends, with the reason, when the server cannot go on and is to be stopped and started anew; otherwise never.</param>
public sealed record StartedServer(IAsyncDisposable Host, string Banner, Task<Exception> Failed);
