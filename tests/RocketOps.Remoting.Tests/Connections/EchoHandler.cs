using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Answers at once with the request's body; counts its calls.</summary>
internal sealed class EchoHandler : IRequestHandler
{
    private int _calls;

    public int Calls => Volatile.Read(ref _calls);

    public void Count() => Interlocked.Increment(ref _calls);

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        Count();
        if (frame.IsOneWay)
        {
            return;
        }

        using OutputLease output = batch.Connection.LeaseOutput(flush: false);
        Span<byte> header = output.GetSpan(ResponseFrameWriter.FixedBytes);
        ResponseFrameWriter writer = new(header, frame.SerializeType, 0, frame.Opaque, 479);
        output.Advance(writer.Complete(frame.Body.Length));
        output.Write(frame.Body);
    }
}
