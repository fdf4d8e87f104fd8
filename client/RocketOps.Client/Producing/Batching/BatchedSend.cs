using RocketOps.Client.Messages;
using RocketOps.Client.Producing.Sending;

namespace RocketOps.Client.Producing.Batching;

/// <summary>A message that waits to be sent, alone or with others, and whoever waits for its result.</summary>
/// <param name="topic">Its topic.</param>
/// <param name="part">It, encoded.</param>
/// <param name="waitStored">Its wish to wait; messages of one batch share it.</param>
/// <param name="isAlone">It is sent by itself, when it is its turn: it is large.</param>
/// <param name="since">When it came, by the time provider's timestamp: its time to be sent counts from here.</param>
/// <param name="trace">Gets what a trace says of the batch it leaves with; null for nothing.</param>
internal sealed class BatchedSend(string topic, BatchPart part, bool waitStored, bool isAlone, long since, SendTrace? trace = null)
{
    /// <summary>Memory that one message takes here beside its bytes.</summary>
    private const int OverheadBytes = 512;

    private readonly TaskCompletionSource<SendResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Topic => topic;

    public BatchPart Part => part;

    public bool WaitStored => waitStored;

    public bool IsAlone => isAlone;

    public long Since => since;

    public SendTrace? Trace => trace;

    /// <summary>Memory it is counted with while it waits.</summary>
    public long HeldBytes => OverheadBytes + part.Bytes;

    /// <summary>Nobody waits for it any more: it need not be sent.</summary>
    public bool IsGivenUp => _result.Task.IsCompleted;

    public Task<SendResult> Result => _result.Task;

    public void Succeed(SendResult result) => _result.TrySetResult(result);

    public void Fail(Exception failure) => _result.TrySetException(failure);

    public void GiveUp(CancellationToken cancellationToken) => _result.TrySetCanceled(cancellationToken);
}
