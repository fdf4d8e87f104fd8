using System.Globalization;
using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Election.Tests.Members;

namespace RocketOps.Election.Tests.Elections;

/// <summary>Member a follows b, which renews its lease and is not heard; c is the third member.</summary>
public sealed class LeaseAppealTests : MemberTest
{
    private static readonly MemberCopy Third = new("c", "c1");
    private static readonly GroupOptions Three = Options with { Members = ["a", "b", "c"] };
    private static readonly TimeSpan Long = 3 * Lease.Duration;

    private readonly List<(LeaseRecord Record, string? Version)> _written = [];
    private VersionedLease _held = new(Lease with { Holder = "b", HolderAddress = "b:1", Successor = null, InSync = [new MemberCopy("a", "a1"), Follower, Third] }, "1");
    private int _looks;

    public LeaseAppealTests() => _host.LogEnd.Returns(new LogEnd(4, 100));

    [Fact]
    public void Tick_MasterIsNotHeardForALease_AsksByTheLeaseToHandOver()
    {
        GroupMember member = Follow(Three);

        Pass(member, Lease.Duration + TimeSpan.FromSeconds(1), Answer(end: 90));

        (LeaseRecord record, string? version) = _written.Should().ContainSingle().Which;
        record.HandOverTo.Should().Be("a");
        (record with { HandOverTo = null }).Should().BeEquivalentTo(_held.Record, "a question is no renewal, and changes nothing else");
        version.Should().Be(_held.Version);
        _host.Received(1).Report(MemberEvent.AsksForLease, Arg.Any<string>());
    }

    [Fact]
    public void Tick_MasterIsNotHeardForLess_AsksNobody()
    {
        GroupMember member = Follow(Three);

        Pass(member, Lease.Duration - TimeSpan.FromSeconds(1), Answer(end: 90));

        _host.DidNotReceiveWithAnyArgs().AskMembers(default);
        _written.Should().BeEmpty();
    }

    [Fact]
    public void Tick_MasterIsHeard_DoesNotAsk()
    {
        GroupMember member = Follow(Three);
        _host.MasterSilence.Returns(TimeSpan.FromSeconds(1));

        Pass(member, Long, Answer(end: 90));

        _written.Should().BeEmpty();
    }

    /// <summary>The master is not cut off from every copy, or the other one cannot tell.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(null)]
    public void Tick_AnotherCopyHearsTheMasterOrDoesNotSay_DoesNotAsk(bool? hears)
    {
        GroupMember member = Follow(Three);

        Pass(member, Long, Answer(end: 90) with { HearsMaster = hears });

        _written.Should().BeEmpty();
    }

    [Fact]
    public void Tick_AnotherMemberSaysThatItLeads_DoesNotAsk()
    {
        GroupMember member = Follow(Three);

        Pass(member, Long, Answer(end: 90) with { Leads = true });

        _written.Should().BeEmpty();
    }

    /// <summary>With too few others it could acknowledge nothing either.</summary>
    [Fact]
    public void Tick_NoOtherMemberAnswers_DoesNotAsk()
    {
        GroupMember member = Follow(Three);

        Pass(member, Long, answer: null);

        _host.ReceivedWithAnyArgs().AskMembers(default);
        _written.Should().BeEmpty();
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void Tick_OtherCopyInSync_TheOneWithMoreAsks(long end, bool asks)
    {
        GroupMember member = Follow(Three);

        Pass(member, Long, Answer(end));

        (_written.Count > 0).Should().Be(asks);
    }

    [Fact]
    public void Tick_ThisCopyIsNotInSync_DoesNotAsk()
    {
        _held = _held with { Record = _held.Record with { InSync = [Follower, Third] } };
        GroupMember member = Follow(Three);

        Pass(member, Long, Answer(end: 90));

        _written.Should().BeEmpty();
    }

    [Fact]
    public void Tick_ThisMemberHasNoRoom_DoesNotAsk()
    {
        _host.HasRoom.Returns(false);
        GroupMember member = Follow(Three);

        Pass(member, Long, Answer(end: 90));

        _written.Should().BeEmpty();
    }

    [Theory]
    [InlineData(ReplicationMode.Async, 1)]
    [InlineData(ReplicationMode.Sync, 3)]
    public void Tick_TheMasterNeedsNoCopyOrEveryOne_DoesNotAsk(ReplicationMode mode, int minInSync)
    {
        GroupMember member = Follow(Three with { Mode = mode, MinInSync = minInSync });

        Pass(member, Long, Answer(end: 90));

        _written.Should().BeEmpty();
    }

    /// <summary>A renewal came first, so that the question was not written.</summary>
    [Fact]
    public void OnLeaseWritten_ARenewalCameFirst_AsksAgain()
    {
        GroupMember member = Follow(Three);

        Pass(member, Long, Answer(end: 90));

        _written.Count.Should().BeInRange(8, 17, "it waits for half a renewal before it asks again");
        _written.Select(static write => write.Version).Should().OnlyHaveUniqueItems();
    }

    private static MemberAnswer Answer(long end) => new("group", Third, new LogEnd(4, end), 4, false) { Seen = 4, HearsMaster = false, HasRoom = true };

    private GroupMember Follow(GroupOptions options)
    {
        GroupMember member = new(options, new MemberState("group", "a1", 4, 4), _host, _time, new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, _held);
        _host.Received().Follow(_held.Record);
        return member;
    }

    /// <summary>The master renews its lease; what this member writes comes too late for that; the third member answers.</summary>
    private void Pass(GroupMember member, TimeSpan time, MemberAnswer? answer)
    {
        long asked = 0;
        long read = Requests(nameof(IMemberHost.ReadLease));
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _time.Advance(Look);
            if (++_looks % 12 == 0)
            {
                _held = Renewed();
                member.OnLeaseWatched(_held);
            }

            member.Tick();
            if (Requests(nameof(IMemberHost.AskMembers)) is var round && round > asked && answer is not null)
            {
                asked = round;
                member.OnAnswer(round, answer);
            }

            foreach (object?[] write in _host.ReceivedCalls().Where(static call => call.GetMethodInfo().Name == nameof(IMemberHost.WriteLease)).Select(static call => call.GetArguments()).Skip(_written.Count).ToArray())
            {
                _written.Add(((LeaseRecord)write[1]!, (string?)write[2]));
                if (time == Long)
                {
                    _held = Renewed();
                    member.OnLeaseWritten((long)write[0]!, null);
                }
            }

            if (Requests(nameof(IMemberHost.ReadLease)) is var request && request > read)
            {
                read = request;
                member.OnLeaseRead(read, _held);
            }
        }
    }

    private VersionedLease Renewed() => new(
        _held.Record with { RenewTime = _held.Record.RenewTime + TimeSpan.FromSeconds(1.5) }, (int.Parse(_held.Version, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture));
}
