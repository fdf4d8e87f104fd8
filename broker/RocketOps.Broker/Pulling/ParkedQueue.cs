namespace RocketOps.Broker.Pulling;

/// <summary>The pulls that wait for one queue. Its lock is held for moments only and none is taken under it.</summary>
internal sealed class ParkedQueue
{
    private readonly Lock _gate = new();
    private readonly List<ParkedPull> _waiting = [];

    public void Add(ParkedPull pull)
    {
        lock (_gate)
        {
            _waiting.Add(pull);
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

    /// <summary>Moves the pulls that want the message to <paramref name="woken"/>.</summary>
    public void TakeMatching(long queueOffset, long tagsCode, List<ParkedPull> woken)
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                ParkedPull parked = _waiting[i];
                if (queueOffset >= parked.Pull.Offset && (parked.Pull.Filter is null || parked.Pull.Filter.MatchesTagsCode(tagsCode)))
                {
                    woken.Add(parked);
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Moves the pulls parked before a time that wait below the queue's end, as what came since did not match, to <paramref name="behind"/>.</summary>
    public void TakeBehind(long maxOffset, long parkedBefore, List<ParkedPull> behind)
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_waiting[i].Pull.Offset < maxOffset && _waiting[i].Since <= parkedBefore)
                {
                    behind.Add(_waiting[i]);
                    _waiting.RemoveAt(i);
                }
            }
        }
    }

    /// <summary>Moves the pulls whose time is over, or whose connection is gone, to <paramref name="ended"/>.</summary>
    public void TakeEnded(long now, List<ParkedPull> ended)
    {
        lock (_gate)
        {
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                ParkedPull parked = _waiting[i];
                if (parked.Deadline <= now || parked.Pull.Connection.Closed.IsCancellationRequested)
                {
                    ended.Add(parked);
                    _waiting.RemoveAt(i);
                }
            }
        }
    }
}
