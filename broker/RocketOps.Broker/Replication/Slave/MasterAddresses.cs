namespace RocketOps.Broker.Replication.Slave;

/// <summary>
/// Addresses of a slave's master, as far as known. Name servers tell with each registration; <c>haMasterAddress</c> wins. In a group that
/// elects its master the lease tells, and nobody else. Thread-safe.
/// </summary>
internal sealed class MasterAddresses
{
    private readonly bool _isElected;
    private volatile string _broker = string.Empty;
    private volatile string _ha;
    private volatile bool _isFollowed;
    private long _epoch;

    /// <param name="configuredHa"><c>haMasterAddress</c>, or empty.</param>
    /// <param name="isElected">The group elects its master.</param>
    public MasterAddresses(string configuredHa, bool isElected)
    {
        _isElected = isElected;
        IsHaConfigured = configuredHa.Length > 0;
        _ha = configuredHa;
    }

    /// <summary>Address where the master serves clients, and its tables; empty while unknown.</summary>
    public string Broker => _broker;

    /// <summary>The address where it serves slaves is <c>haMasterAddress</c>.</summary>
    public bool IsHaConfigured { get; }

    /// <summary>Address where it serves slaves; empty while unknown.</summary>
    public string Ha => _ha;

    /// <summary>Epoch in which it was elected; 0 where the roles are fixed, and while nobody is followed.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>The master's log comes at this moment.</summary>
    public bool IsFollowed
    {
        set => _isFollowed = value;
    }

    /// <summary>
    /// True when whoever serves at the master's address is the one whose log this slave has. With fixed roles only the log tells: a master
    /// that has lost its disk serves there again, and knows nothing of what it had. One that was elected is asked by its
    /// <see cref="Epoch"/>, and refuses by itself.
    /// </summary>
    public bool IsKnown => _isElected || _isFollowed;

    /// <summary>Only name servers tell where the master is, and what they told last, if anything, leads to none at this moment.</summary>
    public bool IsSought => !_isElected && !_isFollowed;

    /// <summary>A name server's answer to a registration. One without a master says nothing: the master may be on its way back to the same place.</summary>
    public void Learn(string? broker, string? ha)
    {
        if (_isElected)
        {
            return;
        }

        if (!string.IsNullOrEmpty(broker))
        {
            _broker = broker;
        }

        if (!IsHaConfigured && !string.IsNullOrEmpty(ha))
        {
            _ha = ha;
        }
    }

    /// <summary>Sets the master that was elected, and is followed in that epoch.</summary>
    public void Elect(string broker, string ha, long epoch)
    {
        Volatile.Write(ref _epoch, epoch);
        _broker = broker;
        _ha = ha;
    }

    /// <summary>Nobody is followed.</summary>
    public void Forget() => Elect(string.Empty, string.Empty, epoch: 0);
}
