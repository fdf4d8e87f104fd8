namespace RocketOps.Faults.Tests.Peers;

/// <summary>Ends of sends that one producer makes one after the other, each with its time. Thread-safe.</summary>
internal sealed class SendLog
{
    private readonly Lock _lock = new();
    private readonly List<(long At, string? Failure)> _ends = [];
    private int _stored;

    /// <summary>Sends that a broker has acknowledged so far.</summary>
    public int Stored => Volatile.Read(ref _stored);

    public void Acknowledge() => Add(null);

    public void Fail(string reason) => Add(reason);

    /// <summary>Sums up what ended between two timestamps of the system's clock, and when the last failure after the second one was.</summary>
    public SendFigures Between(long begin, long end)
    {
        lock (_lock)
        {
            (long At, string? Failure)[] during = [.. _ends.Where(one => one.At >= begin && one.At <= end)];
            (long At, string? Failure)[] failed = [.. _ends.Where(one => one.At >= begin && one.Failure is not null)];
            long[] stored = [begin, .. _ends.Where(one => one.At >= begin && one.Failure is null).Select(static one => one.At)];
            long gap = stored.Length > 1 ? stored.Zip(stored.Skip(1), static (one, next) => next - one).Max() : end - begin;
            long after = failed.Length > 0 && failed[^1].At > end ? failed[^1].At - end : 0;
            return new SendFigures(
                during.Length,
                failed.Length,
                TimeProvider.System.GetElapsedTime(0, gap),
                TimeProvider.System.GetElapsedTime(0, after),
                failed.Length > 0 ? failed[0].Failure! : string.Empty);
        }
    }

    private void Add(string? failure)
    {
        lock (_lock)
        {
            _ends.Add((TimeProvider.System.GetTimestamp(), failure));
            _stored += failure is null ? 1 : 0;
        }
    }
}
