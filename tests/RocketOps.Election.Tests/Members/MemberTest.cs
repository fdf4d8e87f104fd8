using System.Globalization;
using NSubstitute;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Testing.Time;

namespace RocketOps.Election.Tests.Members;

/// <summary>Member a of a group of two or three, step by step: its host is a substitute, and both clocks are the test's.</summary>
public abstract class MemberTest
{
    private protected static readonly MemberCopy Follower = new("b", "b1");

    private protected readonly FakeTimeProvider _time = new();
    private protected readonly IMemberHost _host = Substitute.For<IMemberHost>();

    /// <summary>No master has been heard of, and there is room.</summary>
    protected MemberTest()
    {
        _host.MasterSilence.Returns(TimeSpan.MaxValue);
        _host.HasRoom.Returns(true);
    }

    private protected static void Fail(bool fails)
    {
        if (fails)
        {
            throw new IOException("no space left");
        }
    }

    /// <summary>Between two ticks.</summary>
    private protected static TimeSpan Look => TimeSpan.FromMilliseconds(125);

    private protected static GroupOptions Options => new() { Member = "a", Members = ["a", "b"], MinInSync = 2 };

    private protected static LeaseRecord Lease => new()
    {
        GroupId = "group",
        Holder = string.Empty,
        Successor = "a",
        Epoch = 4,
        RenewTime = DateTimeOffset.UnixEpoch,
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("a", "a1"), Follower],
    };

    /// <summary>The lease has expired, and b, which held it, does not answer.</summary>
    private protected GroupMember Took(LeaseRecord lease, int minInSync, GroupRules rules)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        GroupMember member = new(Options with { MinInSync = minInSync }, new MemberState("group", "a1", 4, 4), _host, _time, rules);
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(lease, "1"));
        for (int i = 0; i < 100 && Written() == 0; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            member.Tick();
            AnswerRead(member, lease);
        }

        return member;
    }

    /// <summary>It looks as often as a host has it look, its lease is renewed, and its follower says that it has everything.</summary>
    private protected void Pass(GroupMember master, TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _time.Advance(Look);
            if (master.Lease!.InSync.Contains(Follower) && master.LeadingEpoch is { } epoch)
            {
                master.OnAcknowledged(Follower, epoch, offset: 100);
            }

            master.Tick();
            AnswerWrites(master);
        }
    }

    private protected void AnswerWrites(GroupMember member)
    {
        if (Written() is > 0 and var write)
        {
            member.OnLeaseWritten(write, write.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>It finds the lease free, takes it once it stands back no more, and has won it.</summary>
    private protected void LeadsAgain(GroupMember member, long epoch)
    {
        LeaseRecord free = Lease with { Epoch = epoch - 1, Successor = null };
        for (int i = 0; i < 200 && member.LeadingEpoch is null; i++)
        {
            _time.Advance(Look);
            member.Tick();
            AnswerRead(member, free);
            AnswerWrites(member);
        }

        member.LeadingEpoch.Should().Be(epoch);
    }

    /// <summary>Which request wrote last; 0 when none did.</summary>
    private protected long Written() => Requests(nameof(IMemberHost.WriteLease));

    private protected void AnswerRead(GroupMember member, LeaseRecord lease)
    {
        if (Requests(nameof(IMemberHost.ReadLease)) is > 0 and var read)
        {
            member.OnLeaseRead(read, new VersionedLease(lease, "1"));
        }
    }

    private protected long Requests(string kind) => _host.ReceivedCalls().Where(call => call.GetMethodInfo().Name == kind).Select(static call => (long)call.GetArguments()[0]!).LastOrDefault();

    /// <summary>Leads epoch 5, in which nothing is acknowledged yet; its log ends at 100.</summary>
    private protected GroupMember Master(GroupRules rules, TimeSpan answerTakes = default, int minInSync = 2, int members = 2)
    {
        GroupMember member = Winner(rules, answerTakes, minInSync, members);
        member.OnLeadBegun(5, 70);
        member.LeadingEpoch.Should().Be(5);
        member.Confirmed.Should().Be(0);
        return member;
    }

    /// <summary>Has won the lease for epoch 5, which has not begun.</summary>
    private protected GroupMember Winner(GroupRules? rules = null, TimeSpan answerTakes = default, int minInSync = 2, int members = 2)
    {
        _host.LogEnd.Returns(new LogEnd(4, 100));
        _host.AppendedEnd.Returns(100);
        GroupOptions options = Options with { MinInSync = minInSync, Members = [.. "abc".Take(members).Select(static name => name.ToString())] };
        GroupMember member = new(options, new MemberState("group", "a1", 4, 4), _host, _time, rules ?? new GroupRules());
        member.Tick();
        member.OnLeaseRead(1, new VersionedLease(Lease, "1"));
        member.OnAnswer(1, new MemberAnswer("group", Follower, new LogEnd(4, 100), 4, false) { Seen = 4 });
        if (members > 2)
        {
            // Not all of them answer.
            _time.Advance(Options.AnswerTime);
            member.Tick();
        }

        _time.Advance(answerTakes);
        member.OnLeaseWritten(Written(), "2");
        return member;
    }
}
