using RocketOps.Broker.Roles;
using RocketOps.Broker.Roles.Sessions;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Transactions;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Roles;

/// <summary>Roles as an election gives and takes them.</summary>
public sealed class ElectedRoleTests
{
    [Fact]
    public async Task Lead_WhenSomebodyElseWasElectedMeanwhile_TakesNoMessage()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        roles.Depose(slaveId: 2);

        RoleChange change = await roles.LeadAsync(5, isCurrent: static () => false, static _ => Task.CompletedTask, static _ => throw new InvalidOperationException("it takes none"));

        change.Should().Be(RoleChange.StaleEpoch);
        (await broker.InvokeAsync(Requests.Send("T", "refused"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);
        broker.Host.Modules.Host.Role.Term.Should().Be(new RoleTerm(IsMaster: false, BrokerId: 2, Epoch: 0));
    }

    [Fact]
    public async Task Lead_TheEpochThatCannotBeNoted_TakesNoMessage()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        roles.Depose(slaveId: 2);

        await roles.Awaiting(static manager => manager.LeadAsync(5, static () => true, static _ => throw new IOException("no disk"), static _ => { })).Should().ThrowAsync<IOException>();

        (await broker.InvokeAsync(Requests.Send("T", "refused"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);
    }

    [Fact]
    public async Task Lead_ThenDepose_BeginsAtTheEndOfTheLogAndEndsAtOnce()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        await broker.SendAsync("T", "before");
        long end = broker.Host.Modules.Host.Store.Positions.Appended.Value;
        List<long> told = [];

        RoleChange change = await roles.LeadAsync(
            5,
            static () => true,
            start =>
            {
                // Nothing may come between the end that is noted and the epoch's first message.
                broker.Host.Modules.Host.Role.Term.Epoch.Should().Be(0);
                told.Add(start.Value);
                return Task.CompletedTask;
            },
            start => told.Add(start.Value));

        change.Should().Be(RoleChange.Done);
        told.Should().Equal(end, end);
        await broker.SendAsync("T", "of epoch 5");
        roles.Depose(slaveId: 2);
        (await broker.InvokeAsync(Requests.Send("T", "refused"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);
        (await roles.StandByAsync(slaveId: 2)).Should().Be(RoleChange.Done);
        roles.Session.Should().BeNull("what a master does by itself has ended");
        roles.SlaveSession.Should().BeNull("nobody is followed");
    }

    /// <summary>An end that comes as soon as messages are taken must not find what the epoch before knew, nor be forgotten by a load that comes later.</summary>
    [Fact]
    public async Task Lead_Again_KnowsNoHalfOfTheEpochBefore_WhenMessagesAreTaken()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RoleManager roles = broker.Host.Modules.Roles.Roles;
        HalfMessageTable halves = broker.Host.Modules.Transactions.State.Halves;
        halves.Claim(7, out _).Should().Be(HalfClaim.Taken);
        halves.EndClaim(7, isSettled: true);
        halves.Claim(7, out _).Should().Be(HalfClaim.Settled);
        roles.Depose(slaveId: 2);
        List<HalfClaim> claims = [];

        (await roles.LeadAsync(
            5,
            () =>
            {
                claims.Add(halves.Claim(7, out _));
                halves.EndClaim(7, isSettled: true);
                return true;
            },
            static _ => Task.CompletedTask,
            static _ => { })).Should().Be(RoleChange.Done);
        await roles.StandByAsync(slaveId: 2);

        claims.Should().Equal(HalfClaim.Taken);
        halves.Claim(7, out _).Should().Be(HalfClaim.Settled, "it was settled in this epoch");
    }
}
