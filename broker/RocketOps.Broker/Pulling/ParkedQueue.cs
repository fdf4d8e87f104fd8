using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// The pulls that wait for one queue. Its lock is held for moments only and none is taken under it. Once given up it takes no more pulls: whoever comes late looks for its
/// successor. Times are timestamps of the broker's clock.
/// </summary>
internal sealed class ParkedQueue
{
    /// <summary>Pulls that one visit looks at. It holds the lock that dispatch takes: a tenth of a millisecond.</summary>
    public const int MaxLooks = 1_000;

    /// <summary>Waits end in steps of half a second, where they are looked at every five.</summary>
    private const int StepsPerRecheck = 10;

    private readonly Lock _gate = new();
    private readonly long _recheckAfter;
    private readonly ParkedSteps _waiting;
    private long _nextVisit = long.MaxValue;
    private long _emptySince = long.MaxValue;
    private long _end;
    private bool _givenUp;

    /// <param name="recheckAfter">A pull is looked at that long after it came, and again each time it is over, should its consumer be gone or its progress have to follow.</param>
    public ParkedQueue(long recheckAfter)
    {
        _recheckAfter = recheckAfter;
        _waiting = new ParkedSteps(Math.Max(1, recheckAfter / StepsPerRecheck));
    }

    /// <summary>Time before which there is nothing to do here.</summary>
    public long NextVisit => Volatile.Read(ref _nextVisit);

    /// <summary>Filters of its pulls. Guarded by its lock: from outside of use while nobody parks or dispatches.</summary>
    public ParkedFilters Filters { get; } = new();

    /// <summary>Pulls that visits have looked at, all together.</summary>
    public long LookedAt { get; private set; }

    /// <summary>Takes a pull, if no more than <paramref name="most"/> wait then.</summary>
    public ParkResult TryAdd(ParkedPull pull, int most)
    {
        lock (_gate)
        {
            if (_givenUp)
            {
                return ParkResult.GivenUp;
            }

            if (_waiting.Count >= most || !Filters.TryAdd(pull))
            {
                return ParkResult.Full;
            }

            long at = _waiting.Add(pull, pull.Since, Math.Min(pull.Deadline, pull.Since + _recheckAfter));
            _emptySince = long.MaxValue;
            Volatile.Write(ref _nextVisit, Math.Min(_nextVisit, at));
            return ParkResult.Parked;
        }
    }

    /// <summary>Takes the pull out; false when somebody else has already.</summary>
    public bool Remove(ParkedPull pull)
    {
        lock (_gate)
        {
            // It may wait elsewhere by now.
            if (!_waiting.Has(pull))
            {
                return false;
            }

            Take(pull);
            return true;
        }
    }

    /// <summary>Moves the pulls that want the message to <paramref name="woken"/>.</summary>
    public void TakeMatching(in MessageArrival message, List<ParkedPull> woken)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, message.MaxOffset);
            int from = woken.Count;
            Filters.TakeMatching(message, woken);
            for (int i = from; i < woken.Count; i++)
            {
                _waiting.Remove(woken[i]);
            }
        }
    }

    /// <summary>
    /// Moves to <paramref name="due"/> the pulls whose time is over, whose consumer is gone, and those that have waited long enough below the queue's end, as what came since did not
    /// match: of those whose turn it is, <see cref="MaxLooks"/> at most. While <see cref="NextVisit"/> is not after <paramref name="now"/> there are more. False when nobody has waited
    /// for <paramref name="keepEmpty"/>: the queue is given up. <paramref name="end"/> is the queue's end as far as the caller knows it: arrivals tell it too, unless an observer has
    /// failed.
    /// </summary>
    public bool Visit(long now, long end, long keepEmpty, List<ParkedPull> due)
    {
        lock (_gate)
        {
            _end = Math.Max(_end, end);
            for (int looks = 0; looks < MaxLooks && _waiting.TakeDue(now) is { } parked; looks++)
            {
                LookedAt++;
                bool rested = parked.Since + _recheckAfter <= now;
                if (parked.Deadline <= now || (rested && parked.Pull.Offset < _end) || parked.Pull.GoneToken.IsCancellationRequested)
                {
                    Filters.Remove(parked);
                    due.Add(parked);
                }
                else
                {
                    _waiting.Add(parked, now, Math.Min(parked.Deadline, (rested ? now : parked.Since) + _recheckAfter));
                }
            }

            long next = _waiting.NextAt;
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
            foreach (ParkedPull parked in _waiting.All())
            {
                if (parked.Pull.Offset > end)
                {
                    Take(parked);
                    taken.Add(parked);
                }
            }
        }
    }

    /// <summary>Moves to <paramref name="taken"/> the pulls whose connections are about to end.</summary>
    public void TakeLeaving(List<ParkedPull> taken)
    {
        lock (_gate)
        {
            foreach (ParkedPull parked in _waiting.All())
            {
                if (parked.Pull.IsLeaving)
                {
                    Take(parked);
                    taken.Add(parked);
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
            foreach (ParkedPull parked in _waiting.All())
            {
                Take(parked);
                taken.Add(parked);
            }
        }
    }

    /// <summary>Under the lock.</summary>
    private void Take(ParkedPull pull)
    {
        _waiting.Remove(pull);
        Filters.Remove(pull);
    }
}
