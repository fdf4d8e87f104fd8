using RocketOps.Broker.Messages;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;

namespace RocketOps.Broker.Transactions;

/// <summary>
/// Memory of the halves that are not behind the checks' progress: which are settled, and where those went that were put back into their
/// queue for another check. So an end that comes twice, by the producer itself and as its answer to a check, is stored once. Its size
/// follows the halves of some rounds of checks; of those that were put back or given up it knows the last hundred thousand each. An end of
/// a half it knows nothing of is taken: better twice than not at all. Thread-safe.
/// </summary>
internal sealed class HalfMessageTable
{
    private const int MostRemembered = 100_000;

    private readonly Lock _gate = new();
    private readonly HashSet<long> _settled = [];

    // Being settled at this moment; few, as each is a request that waits for the log. Also in the list of settled ones.
    private readonly HashSet<long> _claimed = [];
    private readonly Dictionary<long, long> _putBack = [];
    private readonly Queue<long> _putBackOrder = new();
    private readonly HashSet<long> _givenUp = [];
    private readonly Queue<(long Half, long KeptAt)> _givenUpOrder = new();

    // Where in the log a half lies that was given up: that is what it is asked back by.
    private readonly Dictionary<long, long> _keptAt = [];
    private long _begin;

    // From here to the beginning everything is known: what is in no list is settled.
    private long _knownFrom;

    /// <summary>Number of settled halves that are remembered.</summary>
    public int SettledCount
    {
        get
        {
            lock (_gate)
            {
                return _settled.Count;
            }
        }
    }

    /// <summary>Forgets everything: a master's epoch begins. Halves before <paramref name="begin"/> are done.</summary>
    public void Reset(long begin)
    {
        lock (_gate)
        {
            _settled.Clear();
            _putBack.Clear();
            _putBackOrder.Clear();
            _givenUp.Clear();
            _givenUpOrder.Clear();
            _keptAt.Clear();
            _begin = begin;
            _knownFrom = begin;
        }
    }

    /// <summary>
    /// Claims a half in order to settle it: <paramref name="current"/> is the queue offset it has now, as it may have been put back since.
    /// When it is taken, <see cref="EndClaim"/> follows in any case.
    /// </summary>
    public HalfClaim Claim(long queueOffset, out long current)
    {
        lock (_gate)
        {
            current = queueOffset;
            while (_putBack.TryGetValue(current, out long next))
            {
                current = next;
            }

            if (_claimed.Contains(current))
            {
                return HalfClaim.UnderWay;
            }

            if (!_givenUp.Remove(current) && !(current >= _begin ? _settled.Add(current) : current < _knownFrom))
            {
                return HalfClaim.Settled;
            }

            _claimed.Add(current);
            return HalfClaim.Taken;
        }
    }

    /// <summary>The half is settled, or is not after all.</summary>
    public void EndClaim(long current, bool isSettled)
    {
        lock (_gate)
        {
            _claimed.Remove(current);
            if (!isSettled && !_settled.Remove(current) && current >= _knownFrom && current < _begin)
            {
                GiveUp(current, keptAt: -1);
            }
        }
    }

    /// <summary>Halves that nobody has settled yet, up to the end of their queue. Those that are put back at this moment may count twice.</summary>
    public long CountOpen(long end)
    {
        lock (_gate)
        {
            return Math.Max(0, end - _begin - _settled.Count);
        }
    }

    /// <summary>
    /// Counts the halves from <paramref name="from"/> to before <paramref name="to"/> that are neither settled nor put back; none of the
    /// range is behind the checks' progress.
    /// </summary>
    public long CountOpen(long from, long to)
    {
        lock (_gate)
        {
            long open = 0;
            for (long half = from; half < to; half++)
            {
                open += _settled.Contains(half) || _putBack.ContainsKey(half) ? 0 : 1;
            }

            return open;
        }
    }

    /// <summary>The op queue says that the half is settled.</summary>
    public void AddSettled(long queueOffset)
    {
        lock (_gate)
        {
            if (queueOffset >= _begin)
            {
                _settled.Add(queueOffset);
            }
        }
    }

    /// <summary>
    /// The first half from <paramref name="queueOffset"/> on that is neither settled nor put back, as by a round that failed before it was noted; <paramref name="end"/> when there is none
    /// before that. One that is being settled is open until it is: no round may pass it, or a commit that failed would be taken for a settled half when it comes again.
    /// </summary>
    public long NextOpen(long queueOffset, long end)
    {
        lock (_gate)
        {
            while (queueOffset < end && ((_settled.Contains(queueOffset) && !_claimed.Contains(queueOffset)) || _putBack.ContainsKey(queueOffset)))
            {
                queueOffset++;
            }

            return queueOffset;
        }
    }

    /// <summary>
    /// True when the half, which is not behind the checks' progress, is neither settled nor put back. One that is being settled is open
    /// until it is.
    /// </summary>
    public bool IsOpen(long queueOffset)
    {
        lock (_gate)
        {
            return (!_settled.Contains(queueOffset) || _claimed.Contains(queueOffset)) && !_putBack.ContainsKey(queueOffset);
        }
    }

    /// <summary>
    /// Appends a copy of the half to those that nobody is asked about any more, unless it is settled: then false. Its producer may still settle it, before and after and, as the
    /// table appends, not in between: it would be told that this is done.
    /// </summary>
    public bool TryGiveUp(long queueOffset, MessageAppender appender, in MessageToAppend copy, out AppendStatus status, out AppendResult result)
    {
        lock (_gate)
        {
            bool isOpen = AppendUnlessSettled(queueOffset, appender, copy, out status, out result);
            if (isOpen && status == AppendStatus.Ok)
            {
                _settled.Add(queueOffset);
                GiveUp(queueOffset, result.Offset.Value);
            }

            return isOpen;
        }
    }

    /// <summary>Same as <see cref="TryGiveUp"/> for a half that nothing takes: no copy of it is kept.</summary>
    public void PassOver(long queueOffset)
    {
        lock (_gate)
        {
            if (_settled.Add(queueOffset))
            {
                GiveUp(queueOffset, keptAt: -1);
            }
        }
    }

    /// <summary>
    /// Appends a half that was given up to the others again, unless its producer has settled it since, or it waits among them already: then false. An end of it as it was is one of the new half from then on,
    /// so that only one of the two can be.
    /// </summary>
    /// <param name="keptAt">Where in the log it was kept.</param>
    /// <param name="original">What it says itself of its place among the halves when it was sent; null when it was never put back. Heeded where nothing else is known: a producer can write that property, too.</param>
    /// <param name="appender">What appends.</param>
    /// <param name="half">The half as it is to be.</param>
    /// <param name="status">What the store says.</param>
    /// <param name="result">Where it is.</param>
    public bool TryResume(long keptAt, long? original, MessageAppender appender, in MessageToAppend half, out AppendStatus status, out AppendResult result)
    {
        lock (_gate)
        {
            bool isKnown = _keptAt.TryGetValue(keptAt, out long givenUp);
            if (isKnown && !_givenUp.Contains(givenUp))
            {
                status = AppendStatus.Ok;
                result = default;
                return false;
            }

            status = appender.Append(half, out result);
            if (status != AppendStatus.Ok)
            {
                return true;
            }

            if (isKnown)
            {
                _givenUp.Remove(givenUp);
                Remember(givenUp, result.QueueOffset);
            }
            else
            {
                // Given up before the start of this epoch: asked back once more it is not a second half.
                NoteKept(result.QueueOffset, keptAt);
                if (original is { } sent && sent < result.QueueOffset && IsUnknown(sent))
                {
                    Remember(sent, result.QueueOffset);
                }
            }

            return true;
        }
    }

    /// <summary>
    /// Appends a copy of the half that takes its place, unless it is settled: then false. Nobody can settle it in between, which is why the table appends.
    /// </summary>
    public bool TryReplace(long queueOffset, MessageAppender appender, in MessageToAppend copy, out AppendStatus status, out AppendResult result)
    {
        lock (_gate)
        {
            bool isOpen = AppendUnlessSettled(queueOffset, appender, copy, out status, out result);
            if (isOpen && status == AppendStatus.Ok)
            {
                Remember(queueOffset, result.QueueOffset);
            }

            return isOpen;
        }
    }

    /// <summary>
    /// A copy that was met in the queue says whose place it took, perhaps before the start of this process. Heeded for what is done only: a producer can write the property, too.
    /// </summary>
    public void Learn(long original, long copy)
    {
        lock (_gate)
        {
            if (original < _begin && original < copy && !_putBack.ContainsKey(original))
            {
                Remember(original, copy);
            }
        }
    }

    /// <summary>
    /// A copy that was met in the queue has taken the place of a half which is not behind the checks' progress. For callers that have
    /// compared the two messages.
    /// </summary>
    public void LearnReplaced(long half, long copy)
    {
        lock (_gate)
        {
            if (half >= _begin && half < copy && !_settled.Contains(half) && !_putBack.ContainsKey(half))
            {
                Remember(half, copy);
            }
        }
    }

    /// <summary>Halves before <paramref name="begin"/> are done: settled, put back or given up.</summary>
    public void Advance(long begin)
    {
        lock (_gate)
        {
            for (; _begin < begin; _begin++)
            {
                _settled.Remove(_begin);
            }
        }
    }

    /// <summary>Under the lock. False when the half is settled, and nothing was appended.</summary>
    private bool AppendUnlessSettled(long queueOffset, MessageAppender appender, in MessageToAppend copy, out AppendStatus status, out AppendResult result)
    {
        if (_settled.Contains(queueOffset))
        {
            status = AppendStatus.Ok;
            result = default;
            return false;
        }

        status = appender.Append(copy, out result);
        return true;
    }

    /// <summary>Under the lock. An end of the half would be taken, as nothing says what became of it, and none is being taken at this moment.</summary>
    private bool IsUnknown(long half) => half < _knownFrom && !_putBack.ContainsKey(half) && !_givenUp.Contains(half) && !_claimed.Contains(half);

    /// <summary>Under the lock.</summary>
    private void GiveUp(long current, long keptAt)
    {
        _givenUp.Add(current);
        NoteKept(current, keptAt);
    }

    /// <summary>Under the lock. What lies at that place is the half with that queue offset.</summary>
    private void NoteKept(long half, long keptAt)
    {
        _givenUpOrder.Enqueue((half, keptAt));
        if (keptAt >= 0)
        {
            _keptAt[keptAt] = half;
        }

        if (_givenUpOrder.Count > MostRemembered)
        {
            (long oldest, long oldestKeptAt) = _givenUpOrder.Dequeue();
            _keptAt.Remove(oldestKeptAt);
            if (_givenUp.Remove(oldest))
            {
                _knownFrom = Math.Max(_knownFrom, oldest + 1);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void Remember(long original, long copy)
    {
        _putBack[original] = copy;
        _putBackOrder.Enqueue(original);
        if (_putBackOrder.Count > MostRemembered)
        {
            long oldest = _putBackOrder.Dequeue();
            _putBack.Remove(oldest);
            _knownFrom = Math.Max(_knownFrom, oldest + 1);
        }
    }
}

/// <summary>Result of a claim on a half message.</summary>
internal enum HalfClaim
{
    /// <summary>It is theirs.</summary>
    Taken,

    /// <summary>It is settled already.</summary>
    Settled,

    /// <summary>Somebody else is settling it at this moment, and may fail: nothing can be said yet.</summary>
    UnderWay,
}
