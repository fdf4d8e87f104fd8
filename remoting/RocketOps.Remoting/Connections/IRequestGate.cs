using RocketOps.Protocol.Headers;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// The one stage between frame and handler: decides whether a request is served at all, which is where access is controlled. Asked for every request with a registered
/// code, whether its handler answers at once or later. Called on the connection's loop over borrowed bytes, so it must neither block nor keep the frame; different
/// connections call concurrently.
/// </summary>
public interface IRequestGate
{
    /// <summary>
    /// True lets the request through. False refuses it: the gate has answered, if there is anything to answer, with
    /// <see cref="RequestBatch.Reply(in RequestFrame, int, ReadOnlySpan{byte})"/>. <c>new ExtFieldReader(frame, batch.RentScratch(frame.ScratchBytes))</c> walks all header fields as they came.
    /// </summary>
    bool TryAdmit(in RequestFrame frame, RequestBatch batch);
}
