using RocketOps.Store;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// The pulls that wait for one queue. Its lock is held for moments only and none is taken under it. Once given up it takes no more pulls: whoever comes late looks for its
/// successor. Times are timestamps of the broker's clock.
/// </summary>
internal sealed class ParkedQueue
{
    private readonly Lock _gate = new();
    private readonly List<ParkedPull> _waiting = [];
    private long _nextVisit = long.MaxValue;
    private long _emptySince = long.MaxValue;
    private long _end;
    private bool _givenUp;

    /// <summary>Before this time there is nothing to do here.</summary>
    public long NextVisit => Volatile.Read(ref _nextVisit);

    /// <summary>False when the queue was given up. The pull is looked at again <paramref name="recheckAfter"/> after it came, should its consumer be gone.</summary>
    public bool TryAdd(ParkedPull pull, long recheckAfter)
    {
        lock (_gate)
        {
            if (_givenUp)
            {
                return false;
            }

            _waiting.Add(pull);
            _emptySince = long.MaxValue;
            Volatile.Write(ref _nextVisit, Math.Min(_nextVisit, Math.Min(pull.Deadline, pull.Since + recheckAfter)));
            return true;
        }
    }

    /// <summary>Takes the pull out; false when somebody else has already.</summary>
    public bool Remove(ParkedPull pull)
    {
        lock (_gate)
        {
            return _waiting.Remove(pull);
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
            long next = _nextVisit;
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                ParkedPull parked = _waiting[i];
                if (message.QueueOffset < parked.Pull.Offset)
                {
                    continue;
                }

                if (Wants(parked.Pull.Filter, message))
                {
                    woken.Add(parked);
                    _waiting.RemoveAt(i);
                }
                else
                {
                    next = Math.Min(next, parked.Since + recheckAfter);
                }
            }

            Volatile.Write(ref _nextVisit, next);
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
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                ParkedPull parked = _waiting[i];
                bool behind = parked.Pull.Offset < _end;
                if (parked.Deadline <= now || (behind && parked.Since + recheckAfter <= now) || parked.Pull.GoneToken.IsCancellationRequested)
                {
                    due.Add(parked);
                    _waiting.RemoveAt(i);
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
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Pull.Offset > end)
                {
                    taken.Add(_waiting[i]);
                    _waiting.RemoveAt(i);
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
            taken.AddRange(_waiting);
            _waiting.Clear();
        }
    }

    private static bool Wants(IMessageFilter? filter, in MessageArrival message) =>
        filter is null || (filter.MatchesTagsCode(message.TagsCode) && (!filter.NeedsRecord || filter.MatchesProperties(message.Properties)));
}
