using RocketOps.Broker.Roles;
using RocketOps.Broker.Roles.Sessions;

namespace RocketOps.Broker.Tests.Support;

/// <summary>Changes of role as a member makes them that hears of elections, for brokers whose tests say who leads.</summary>
internal static class Elections
{
    /// <summary>This broker is not the master any more: it refuses messages at once, and follows the one of that epoch as soon as that one is known.</summary>
    public static async Task StepDownAsync(this RoleManager roles, long epoch, long slaveId = 1)
    {
        roles.Depose(slaveId);
        (await roles.StandByAsync(slaveId)).Should().Be(RoleChange.Done);
        (await roles.FollowAsync(epoch, slaveId, join: null)).Should().Be(RoleChange.Done);
    }

    /// <summary>The same, and what this broker has from there on the new master has not. Throws when no record begins there; it is a follower then nevertheless.</summary>
    public static async Task StepDownAndCutAsync(this RoleManager roles, long epoch, PhysicalOffset cut)
    {
        await roles.StepDownAsync(epoch);
        await roles.CutAsFollowerAsync(cut);
    }

    /// <summary>This broker was elected.</summary>
    public static async Task TakeOverAsync(this RoleManager roles, long epoch) =>
        (await roles.LeadAsync(epoch, static () => true, static _ => Task.CompletedTask, static _ => { })).Should().Be(RoleChange.Done);
}
