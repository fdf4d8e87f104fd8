using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Replication.Master;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Tests.Failover;

public sealed class FollowerTicketsTests
{
    private static readonly MemberCopy Copy = new("b", "one");

    private readonly FollowerTickets _admissions;
    private long _leading = 7;

    public FollowerTicketsTests() => _admissions = new FollowerTickets(() => _leading, static () => true, TimeSpan.FromSeconds(1), static (_, _, _) => { }, static (_, _, _) => { });

    [Fact]
    public async Task Admit_InTheEpochOfTheTicket_OpensThePort()
    {
        long ticket = _admissions.Issue(Copy, 7);

        await ((Func<Task>)(() => AdmitAsync(ticket))).Should().NotThrowAsync();
        await ((Func<Task>)(() => AdmitAsync(ticket ^ 1))).Should().ThrowAsync<HaRefusedException>();
    }

    /// <summary>What was compared with the log of one epoch need not continue that of a later one, in which the same member may lead again.</summary>
    [Theory]
    [InlineData(9)]
    [InlineData(0)]
    public async Task Admit_InAnotherEpoch_IsRefused(long leading)
    {
        long ticket = _admissions.Issue(Copy, 7);
        _leading = leading;

        await ((Func<Task>)(() => AdmitAsync(ticket))).Should().ThrowAsync<HaRefusedException>().WithMessage("b asked to follow in epoch 7*");
    }

    [Fact]
    public async Task IsUnused_UntilAConnectionComesWithIt()
    {
        long first = _admissions.Issue(Copy, 7);
        long second = _admissions.Issue(Copy, 7);
        (_admissions.IsUnused("b", first), _admissions.IsUnused("b", second)).Should().Be((false, true), "the newest is waited for");

        await AdmitAsync(second);

        _admissions.IsUnused("b", second).Should().BeFalse();
    }

    [Fact]
    public async Task Clear_OfTickets_LeavesNoneThatOpensAnything()
    {
        long ticket = _admissions.Issue(Copy, 7);

        _admissions.Clear();

        await ((Func<Task>)(() => AdmitAsync(ticket))).Should().ThrowAsync<HaRefusedException>();
        _admissions.IsNewest("b", ticket).Should().BeFalse();
        _admissions.FindFollowers(7).Should().BeEmpty();
    }

    /// <summary>Its questions may come by two connections, the older one last: then it follows with a ticket that was replaced, and must not go on so, as nothing that it says counts.</summary>
    [Fact]
    public async Task Acknowledge_WithATicketThatWasReplaced_EndsTheConnection()
    {
        IAdmittedSlave admitted = await AdmitAsync(_admissions.Issue(Copy, 7));
        ((Action)(() => admitted.OnAcknowledged(100))).Should().NotThrow();

        _admissions.Issue(Copy, 7);

        ((Action)(() => admitted.OnAcknowledged(200))).Should().Throw<IOException>().WithMessage("b has asked again*");
    }

    private async Task<IAdmittedSlave> AdmitAsync(long ticket)
    {
        using MemoryStream introduction = new(FollowerHello.Write(ticket));
        return await _admissions.AdmitAsync(introduction, CancellationToken.None);
    }
}
