using RocketOps.Broker.Failover;
using RocketOps.Election.Leases;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>
/// The role of a simulated broker: changes follow each other, and one that a later decision has overtaken is left out; a session ends before the next one begins. As <c>FailoverMember</c> and <c>RoleManager</c> do it.
/// </summary>
internal sealed class SimRoles
{
    private readonly SimGroup _group;
    private readonly SimBroker _broker;
    private readonly Queue<(int Term, Action<int> Change)> _changes = new();
    private int _term;
    private bool _changing;

    public SimRoles(SimGroup group, SimBroker broker)
    {
        _group = group;
        _broker = broker;
        Links = new SimLinks(group, broker);
        Tables = new SimTables(group, broker);
    }

    public bool AcceptsMessages { get; private set; }

    /// <summary>What has begun here; 0 for none.</summary>
    public long BegunEpoch { get; private set; }

    /// <summary>The followers of this one.</summary>
    public SimLinks Links { get; }

    public SimTables Tables { get; }

    /// <summary>The session in which this one follows; null when it does not, or not yet.</summary>
    public SimFollower? Follower { get; private set; }

    /// <summary>The newest decision to follow; null when the newest one was another.</summary>
    public GroupJoin? Join { get; private set; }

    public void Lead(long epoch)
    {
        BegunEpoch = 0;
        Join = null;
        Begin(term =>
        {
            AcceptsMessages = false;
            EndSession(() => _broker.Writes.ReplaceAfter(_group.World.Between(5, 300), () => BeginEpoch(epoch, term)));
        });
    }

    public void Follow(LeaseRecord lease)
    {
        EndLead();
        SimFollower follower = new(_group, _broker, lease);
        Join = follower.Join;
        Begin(_ =>
        {
            Depose();
            EndSession(() =>
            {
                Follower = follower;
                follower.Start();
                OnChanged();
            });
        });
    }

    public void StandBy()
    {
        EndLead();
        Join = null;
        Depose();
        Begin(_ =>
        {
            Depose();
            EndSession(OnChanged);
        });
    }

    /// <summary>Its store has failed: its master is not to count on it any longer.</summary>
    public void LeaveForGood()
    {
        if (Join is { } join)
        {
            Join = null;
            _ = join.LeaveAsync(CancellationToken.None);
            Begin(_ =>
            {
                Depose();
                EndSession(OnChanged);
            });
        }
    }

    private void BeginEpoch(long epoch, int term)
    {
        if (_broker.HasFailed)
        {
            OnChanged();
            return;
        }

        int start = _broker.Disk.Log.Count;
        _broker.CountOn();
        try
        {
            _broker.NoteEpochs(_broker.Epochs.CutTo(start).Begin(epoch, start));
        }
        catch (IOException failure)
        {
            _broker.TellFailed($"epoch {epoch} cannot begin here: {failure.Message}");
            OnChanged();
            return;
        }

        if (term == _term)
        {
            AcceptsMessages = true;
            Links.Open();
            _broker.Loop.Post(member =>
            {
                if (term == _term)
                {
                    BegunEpoch = epoch;
                    _group.Checker.OnLed(_broker.Machine, epoch);
                    member.OnLeadBegun(epoch, start);
                }
            });
        }

        OnChanged();
    }

    private void EndLead()
    {
        BegunEpoch = 0;
        Links.Forget();
    }

    /// <summary>At once, whatever change is under way.</summary>
    private void Depose()
    {
        AcceptsMessages = false;
        _broker.GiveUpReplication();
    }

    private void EndSession(Action then)
    {
        Links.Close();
        if (Follower is { } follower)
        {
            Follower = null;
            follower.End(then);
        }
        else
        {
            then();
        }
    }

    private void Begin(Action<int> change)
    {
        _changes.Enqueue((++_term, change));
        Next();
    }

    private void Next()
    {
        while (!_changing && _changes.TryDequeue(out (int Term, Action<int> Change) next))
        {
            if (next.Term == _term)
            {
                _changing = true;
                _broker.AfterHere(_group.World.Between(0.01, 5), () => next.Change(next.Term));
            }
        }
    }

    private void OnChanged()
    {
        _changing = false;
        Next();
    }
}
