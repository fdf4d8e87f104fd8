using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;
using RocketOps.Testing;

namespace RocketOps.Remoting.Tests.Loops;

/// <summary>Holds the loop until the test lets go; no handler may, but a test must.</summary>
internal sealed class BlockingHandler(ManualResetEventSlim go) : IRequestHandler
{
    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        batch.Connection.Reply(frame, 0, "entered");
        batch.Connection.Flush();
        go.Wait(Eventually.DefaultDeadline);
    }
}
