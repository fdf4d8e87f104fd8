using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// The pulls that wait for one queue. Its lock is held for moments only and none is taken under it. Once given up it takes no more pulls: whoever comes late looks for its
/// successor. Times are timestamps of the broker's clock.
/// </summary>
internal sealed class ParkedQueue
{
    private readonly Lock _gate = new();

    // The one that came first is the first.
    private readonly LinkedList<ParkedPull> _waiting = new();
    private readonly ParkedFilters _filters = new();
    private long _nextVisit = long.MaxValue;
    private long _emptySince = long.MaxValue;
    private long _end;
    private bool _givenUp;

    /// <summary>Before this time there is nothing to do here.</summary>
    public long NextVisit => Volatile.Read(ref _nextVisit);

    /// <summary>Takes a pull, if no more than <paramref name="most"/> wait then. It is looked at again <paramref name="recheckAfter"/> after it came, should its consumer be gone.</summary>
    public ParkResult TryAdd(ParkedPull pull, long recheckAfter, int most)
    {
        lock (_gate)
        {
            if (_givenUp)
            {
                return ParkResult.GivenUp;
            }

            if (_waiting.Count >= most || !_filters.TryAdd(pull))
            {
                return ParkResult.Full;
            }

            _waiting.AddLast(pull.InQueue);
            _emptySince = long.MaxValue;
            Volatile.Write(ref _nextVisit, Math.Min(_nextVisit, Math.Min(pull.Deadline, pull.Since + recheckAfter)));
            return ParkResult.Parked;
        }
    }

    /// <summary>Takes the pull out; false when somebody else has already.</summary>
    public bool Remove(ParkedPull pull)
    {
        lock (_gate)
        {
            // It may wait elsewhere by now.
            if (!ReferenceEquals(pull.InQueue.List, _waiting))
            {
                return false;
            }

            Take(pull);
            return true;
        }
    }

    /// <summary>
    /// Moves the pulls that want the message to <paramref name="woken"/>; the others are looked at again <paramref name="recheckAfter"/> after they came, as their consumers'
    /// progress should follow.
    /// </summary>
    public void TakeMatching(in MessageArrival message, long recheckAfter, List<ParkedPull> woken)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, message.MaxOffset);
            int from = woken.Count;
            _filters.TakeMatching(message, woken);
            for (int i = from; i < woken.Count; i++)
            {
                _waiting.Remove(woken[i].InQueue);
            }

            if (_waiting.First is { } oldest)
            {
                Volatile.Write(ref _nextVisit, Math.Min(_nextVisit, oldest.Value.Since + recheckAfter));
            }
        }
    }

    /// <summary>
    /// Moves to <paramref name="due"/> the pulls whose time is over, whose consumer is gone, and those that have waited for <paramref name="recheckAfter"/> below the queue's
    /// end, as what came since did not match. False when nobody has waited for <paramref name="keepEmpty"/>: the queue is given up. <paramref name="end"/> is the queue's end as
    /// far as the caller knows it: arrivals tell it too, unless an observer has failed.
    /// </summary>
    public bool Visit(long now, long end, long recheckAfter, long keepEmpty, List<ParkedPull> due)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, end);
            // Consumers that are gone say nothing: they are looked for that often.
            long next = now + recheckAfter;
            LinkedListNode<ParkedPull>? following = _waiting.First;
            while (following is { } node)
            {
                following = node.Next;
                ParkedPull parked = node.Value;
                bool behind = parked.Pull.Offset < _end;
                if (parked.Deadline <= now || (behind && parked.Since + recheckAfter <= now) || parked.Pull.GoneToken.IsCancellationRequested)
                {
                    Take(parked);
                    due.Add(parked);
                }
                else
                {
                    next = Math.Min(next, behind ? Math.Min(parked.Deadline, parked.Since + recheckAfter) : parked.Deadline);
                }
            }

            if (_waiting.Count > 0)
            {
                _emptySince = long.MaxValue;
            }
            else
            {
                _emptySince = Math.Min(_emptySince, now);
                _givenUp = now - _emptySince >= keepEmpty;
                next = _emptySince + keepEmpty;
            }

            Volatile.Write(ref _nextVisit, next);
            return !_givenUp;
        }
    }

    /// <summary>The queue was cut and ends there now: moves to <paramref name="taken"/> the pulls that wait for what comes later than its next message.</summary>
    public void Cut(long end, List<ParkedPull> taken)
    {
        lock (_gate)
        {
            _end = end;
            LinkedListNode<ParkedPull>? following = _waiting.First;
            while (following is { } node)
            {
                following = node.Next;
                if (node.Value.Pull.Offset > end)
                {
                    Take(node.Value);
                    taken.Add(node.Value);
                }
            }
        }
    }

    /// <summary>Moves all pulls to <paramref name="taken"/> and gives the queue up.</summary>
    public void GiveUp(List<ParkedPull> taken)
    {
        lock (_gate)
        {
            _givenUp = true;
            while (_waiting.First is { } node)
            {
                Take(node.Value);
                taken.Add(node.Value);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void Take(ParkedPull pull)
    {
        _waiting.Remove(pull.InQueue);
        ParkedFilters.Remove(pull);
    }
}
