using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Pulling;

/// <summary>Pulls that are answered together, as one work item; reused. What takes long is left to the thread pool, a piece at a time: one message may wake ten thousand.</summary>
internal sealed class WokenPulls(ParkedPulls owner, TimeProvider time) : IThreadPoolWorkItem
{
    /// <summary>Longest piece of work: as long as the requests of a connection may take a loop.</summary>
    public static readonly TimeSpan LongestPiece = TimeSpan.FromMilliseconds(2);

    private int _answered;

    public List<ParkedPull> Pulls { get; } = [];

    public void Execute() => Answer(LongestPiece);

    /// <summary>Answers them all, on this thread.</summary>
    public void AnswerAll() => Answer(TimeSpan.MaxValue);

    private void Answer(TimeSpan longest)
    {
        long began = time.GetTimestamp();

        // Step 9 of a pull.
        using (AfterReplies.GatherOutput())
        {
            while (_answered < Pulls.Count)
            {
                owner.Answer(Pulls[_answered++]);
                if (_answered < Pulls.Count && time.GetElapsedTime(began) >= longest)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }
            }
        }

        _answered = 0;
        owner.Return(this);
    }
}
