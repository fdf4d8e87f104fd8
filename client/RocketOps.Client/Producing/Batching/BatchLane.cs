using System.Diagnostics.CodeAnalysis;
using RocketOps.Client.Connections;

namespace RocketOps.Client.Producing.Batching;

/// <summary>The messages that wait for one queue, or for any queue of a topic, in the order they came. Used under the gate of its <see cref="SendBatcher"/>, but for the waiting.</summary>
internal sealed class BatchLane(LaneKey key, ProducerOptions options)
{
    /// <summary>Most messages of a batch: the broker names the place of each in its answer.</summary>
    private const int MaxMessages = 1024;

    private readonly Queue<BatchedSend> _waiting = new();
    private readonly WakeSignal _filled = new(options.TimeProvider);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;

    public LaneKey Key => key;

    /// <summary>Completes when nothing waits here any more; then the lane is gone.</summary>
    public Task Ended => _ended.Task;

    public void End() => _ended.SetResult();

    public void Add(BatchedSend send)
    {
        _waiting.Enqueue(send);
        _bytes += send.Part.Bytes;
        if (IsFull(_bytes, _waiting.Count))
        {
            _filled.Wake();
        }
    }

    /// <summary>Waits no longer for more.</summary>
    public void Hurry() => _filled.Wake();

    /// <summary>Waits until a batch is full or the oldest message has waited long enough. Not under the gate.</summary>
    public async Task WaitForMoreAsync(BatchedSend oldest)
    {
        TimeSpan left = options.BatchMaxDelay - options.TimeProvider.GetElapsedTime(oldest.Since);
        if (left > TimeSpan.Zero)
        {
            await _filled.WaitAsync(left, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The oldest one; false when there is none.</summary>
    public bool TryPeek([NotNullWhen(true)] out BatchedSend? oldest) => _waiting.TryPeek(out oldest);

    /// <summary>Takes what travels together: the oldest, and those behind it that go with it. Empty when nothing is left that somebody waits for.</summary>
    /// <param name="dropped">Memory of those that nobody waits for any more.</param>
    public List<BatchedSend> Take(out long dropped)
    {
        List<BatchedSend> batch = [];
        int bytes = 0;
        dropped = 0;
        while (_waiting.TryPeek(out BatchedSend? next))
        {
            if (next.IsGivenUp)
            {
                dropped += next.HeldBytes;
            }
            else if (batch.Count > 0 && (next.IsAlone || batch[0].IsAlone || next.WaitStored != batch[0].WaitStored || bytes + next.Part.Bytes > options.BatchMaxBytes || batch.Count == MaxMessages))
            {
                break;
            }
            else
            {
                batch.Add(next);
                bytes += next.Part.Bytes;
            }

            _waiting.Dequeue();
            _bytes -= next.Part.Bytes;
        }

        return batch;
    }

    private bool IsFull(long bytes, int count) => bytes >= options.BatchMaxBytes || count >= MaxMessages;
}

/// <summary>Target of the messages of a lane.</summary>
/// <param name="Topic">Their topic.</param>
/// <param name="Queue">Their queue; null for any.</param>
internal readonly record struct LaneKey(string Topic, MessageQueue? Queue);
