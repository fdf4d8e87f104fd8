namespace RocketOps.Broker.Delay;

/// <summary>
/// What was delivered of one delay level since the start, and where the copies lie in the log: when the log is cut, it tells which messages have lost theirs. Bounded: of
/// what is old several deliveries count as one, so that a deep cut delivers some again and loses none. Not thread-safe.
/// </summary>
internal sealed class DeliveryHistory
{
    private const int MaxKept = 64;

    private readonly List<Delivery> _deliveries = [];

    /// <summary>The level went on from a queue offset, and all copies of what it delivered lie before <paramref name="copiesEnd"/>.</summary>
    public void Add(long from, PhysicalOffset copiesEnd)
    {
        _deliveries.Add(new Delivery(from, copiesEnd));
        if (_deliveries.Count > MaxKept)
        {
            // The two oldest as one: from the first's beginning to the second's end.
            _deliveries[1] = _deliveries[1] with { From = _deliveries[0].From };
            _deliveries.RemoveAt(0);
        }
    }

    /// <summary>The log ends at <paramref name="end"/> from now on. The queue offset of the first message whose copy may be gone; null when none is.</summary>
    public long? Cut(PhysicalOffset end)
    {
        int first = _deliveries.FindIndex(delivery => delivery.CopiesEnd > end);
        if (first < 0)
        {
            return null;
        }

        long from = _deliveries[first].From;
        _deliveries.RemoveRange(first, _deliveries.Count - first);
        return from;
    }

    private readonly record struct Delivery(long From, PhysicalOffset CopiesEnd);
}
