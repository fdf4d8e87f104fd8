using System.Globalization;
using System.Net;
using RocketOps.Faults.Tests.Wires;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>Something that is wrong with the network around one member of a group that elects its master, drawn by chance; in words, for the report.</summary>
internal sealed class MemberFault
{
    /// <summary>How many kinds there are.</summary>
    public const int Kinds = 6;

    private readonly WiredNetwork _network;
    private readonly ElectedBrokers _brokers;
    private readonly string _member;
    private readonly long _before;

    private MemberFault(WiredNetwork network, ElectedBrokers brokers, string member)
    {
        _network = network;
        _brokers = brokers;
        _member = member;
        _before = Spoilt;
    }

    /// <summary>What is wrong.</summary>
    public string Text { get; private set; } = string.Empty;

    /// <summary>How many packets the wire has lost or held back since.</summary>
    public long Hit => Spoilt - _before;

    private long Spoilt => _network.Wire.Lost + _network.Wire.Delayed;

    /// <summary>Begins one.</summary>
    /// <param name="network">Whose machines are the members, in their order.</param>
    /// <param name="brokers">The group.</param>
    /// <param name="kind">From 0 on, below <see cref="Kinds"/>.</param>
    /// <param name="member">Whose network it is.</param>
    /// <param name="random">Decides all else.</param>
    public static MemberFault Begin(WiredNetwork network, ElectedBrokers brokers, int kind, string member, Random random)
    {
        MemberFault fault = new(network, brokers, member);
        fault.Begin(kind, random);
        return fault;
    }

    /// <summary>The network is well again, and the member comes to the lease.</summary>
    public void End()
    {
        _network.Wire.Heal();
        _brokers.LetToLease(_member);
    }

    private void Begin(int kind, Random random)
    {
        // Clients are on this machine: half of the time they meet the fault as the other members do.
        bool meetsClients = random.Next(2) == 0;
        IPAddress own = AddressOf(_member);
        List<IPAddress> others = [.. _network.Machines.Select(static machine => machine.Place.Address).Where(address => !address.Equals(own))];
        string text;
        switch (kind)
        {
            case 0:
                WireFault loses = new(LossPercent: random.Next(5, 31));
                Spoil(own, Reached(), loses, loses);
                text = $"loses {loses.LossPercent} % of all packets";
                break;
            case 1:
                WireFault late = new(DelayMillis: random.Next(50, 801), JitterMillis: random.Next(100));
                Spoil(own, Reached(), late, random.Next(2) == 0 ? late : WireFault.None);
                text = $"is heard {late.DelayMillis} ms late";
                break;
            case 2:
                Spoil(own, Reached(), WireFault.None, WireFault.Cut);
                text = "hears nothing";
                break;
            case 3:
                Spoil(own, Reached(), WireFault.Cut, WireFault.None);
                text = "is not heard";
                break;
            case 4:
                Spoil(own, Reached(), WireFault.Cut, WireFault.Cut);
                text = "is cut off";
                break;
            default:
                meetsClients = false;
                IPAddress other = others[random.Next(others.Count)];
                Spoil(own, [other], WireFault.Cut, WireFault.Cut);
                text = $"is cut off from {_brokers.Names[Number(other)]}";
                break;
        }

        // The lease is a file: what a machine that is off the network does not reach either has to be taken from it by hand.
        bool isKeptFromLease = kind is 2 or 3 or 4 && random.Next(4) > 0;
        if (isKeptFromLease)
        {
            _brokers.KeepFromLease(_member);
        }

        Text = string.Create(CultureInfo.InvariantCulture, $"{_member} {text}{(meetsClients ? ", of clients too" : string.Empty)}{(isKeptFromLease ? ", without the lease" : string.Empty)}");

        IEnumerable<IPAddress> Reached() => meetsClients ? [.. others, _network.Own.Address] : others;
    }

    private void Spoil(IPAddress own, IEnumerable<IPAddress> others, WireFault outwards, WireFault inwards)
    {
        foreach (IPAddress other in others)
        {
            _network.Wire.Spoil(own, other, outwards);
            _network.Wire.Spoil(other, own, inwards);
        }
    }

    private IPAddress AddressOf(string name) => _network.Machines[_brokers.Names.ToList().IndexOf(name)].Place.Address;

    private int Number(IPAddress address) => _network.Machines.ToList().FindIndex(machine => machine.Place.Address.Equals(address));
}
