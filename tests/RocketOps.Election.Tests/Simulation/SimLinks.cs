using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Election.Epochs;
using RocketOps.Protocol.Commands;

namespace RocketOps.Election.Tests.Simulation;

/// <summary>A master's side of replication: who asks is let in by <see cref="MasterDoor"/>, and who comes with a ticket is sent the log. As <c>HaListener</c>.</summary>
internal sealed class SimLinks
{
    private readonly SimGroup _group;
    private readonly SimBroker _broker;
    private readonly List<SimLink> _links = [];
    private readonly Dictionary<long, long> _epochs = [];
    private long _ticket;
    private bool _isOpen;
    private bool _isWordPlanned;

    public SimLinks(SimGroup group, SimBroker broker)
    {
        _group = group;
        _broker = broker;
        Door = new MasterDoor(broker.Options, () => group.Options.TicketsEndWithEpochs ? broker.Member.HeldEpoch ?? 0 : _epochs.GetValueOrDefault(_ticket), () => broker.Member.LeadingEpoch is not null, broker.Machine.Clock, broker.Loop.Post);
    }

    public MasterDoor Door { get; }

    public void Open() => _isOpen = true;

    /// <summary>Who follows is sent away.</summary>
    public void Close()
    {
        _isOpen = false;
        foreach (SimLink link in _links.ToArray())
        {
            link.Close();
        }
    }

    /// <summary>This member leads no more: whoever follows it again has to ask.</summary>
    public void Forget()
    {
        if (_group.Options.TicketsEndWithEpochs)
        {
            Door.Tickets.Clear();
        }
    }

    public void Remove(SimLink link) => _links.Remove(link);

    /// <summary>A member asks to follow; null is answered when it may not.</summary>
    public void OnJoin(JoinRequest join, Action<JoinAnswer?> answer) => _broker.Loop.Post(member => answer(MasterDoor.Leads(member, join.Epoch, _broker.Roles.BegunEpoch) ? LetIn(join) : null));

    public void OnLeaving(JoinRequest left, long ticket) => _broker.Loop.Post(member =>
    {
        if (Door.Tickets.IsNewest(left.Copy.Member, ticket))
        {
            Door.LetGo(member, left, ticket);
        }
    });

    public void OnConnected(SimSocket socket, byte[] introduction)
    {
        if (!_isOpen)
        {
            socket.Close();
            return;
        }

        SimLink link = new(_group, _broker, socket);
        socket.Link = link;
        _links.Add(link);
        _ticket = FollowerHello.Read(introduction) ?? 0;
        link.OnIntroduction(introduction);
    }

    /// <summary>More is as safe as acknowledged means.</summary>
    public void OnGrown()
    {
        foreach (SimLink link in _links)
        {
            link.SendLog();
        }
    }

    /// <summary>All copies in sync have more: told with the log, or by itself a moment later.</summary>
    public void OnReplicated()
    {
        if (!_isWordPlanned && _links.Count > 0)
        {
            _isWordPlanned = true;
            _broker.AfterHere(TimeSpan.FromMilliseconds(5), () =>
            {
                _isWordPlanned = false;
                foreach (SimLink link in _links)
                {
                    link.SendWord();
                }
            });
        }
    }

    public void Tick()
    {
        foreach (SimLink link in _links.ToArray())
        {
            link.Tick();
        }
    }

    private JoinAnswer? LetIn(JoinRequest join)
    {
        try
        {
            JoinAnswer answer = Door.LetIn(_broker.Member, join, _broker.Roles.BegunEpoch, new LogExtent(_broker.Epochs, 0, _broker.Disk.Log.Count), haPort: 10912);
            _epochs[answer.Ticket] = answer.Epoch;
            return answer;
        }
        catch (RemotingCommandException)
        {
            return null;
        }
    }
}
