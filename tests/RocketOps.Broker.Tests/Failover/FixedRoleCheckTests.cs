using System.Security.Cryptography;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Tests.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Epochs;
using RocketOps.Election.Members;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>Roles that people give, and stores of groups that elect their master.</summary>
public sealed class FixedRoleCheckTests
{
    private const string Topic = "fixed-roles";

    [Theory]
    [InlineData("ASYNC_MASTER", "0")]
    [InlineData("SYNC_MASTER", "0")]
    [InlineData("SLAVE", "1")]
    public async Task Start_WithAFixedRoleOnAMembersStore_IsRefusedAndLeavesItAsItIs(string role, string id)
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a", "b"], ("minInSyncReplicas", "1"));
        await members.SendAsync("one");
        await members.InSyncAsync("a", "b");
        await members.StopAsync("b");
        string store = members.StoreOf("b");
        string group = (await members.LeaseAsync()).GroupId;
        string[] before = Describe(store);

        Func<Task> start = () => TestBroker.StartAsync(Fixed(store, role, id));

        (await start.Should().ThrowAsync<StoreException>()).Which.Message.Should().Contain(store).And.Contain(group).And.Contain("failover=Automatic")
            .And.Contain($"{MemberStateFile.Name}, {MemberFiles.RunName} and {EpochFile.Name}");
        Describe(store).Should().Equal(before);
        await members.StartAsync("b");
        await members.InSyncAsync("a", "b");
    }

    [Fact]
    public async Task Start_WithAFixedRoleWhenTheNamedFilesAreDeleted_HasWhatThatMemberHad()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(["a", "b"], ("minInSyncReplicas", "1"));
        await members.SendAsync("one");
        await members.InSyncAsync("a", "b");
        await Eventually.TrueAsync(async () => (await members.ReadAsync(members["b"])).Contains("one"), "the follower knows the topic, and that its message is confirmed");
        await members.StopAsync("b");
        string store = members.StoreOf("b");
        foreach (string name in (string[])[MemberStateFile.Name, MemberFiles.RunName, EpochFile.Name])
        {
            File.Delete(Path.Combine(store, name));
        }

        await using TestBroker broker = await TestBroker.StartAsync(Fixed(store, "ASYNC_MASTER", "0"));

        (await BrokerGroup.ReadAsync(broker, ElectedMembers.Topic)).Should().Equal("one");
        await broker.SendAsync(Topic, "a master of its own");
    }

    [Fact]
    public async Task Start_WithAFixedRoleOnAStoreThatHasJoinedNoGroup_Starts()
    {
        using TempDirectory directory = new("fixed-role-");
        string store = directory.File("store");
        Directory.CreateDirectory(store);
        new MemberFiles(new LinuxFileSystem(), store).Write(new MemberState(string.Empty, "c", 0, 0));

        await using TestBroker broker = await TestBroker.StartAsync(Fixed(store, "ASYNC_MASTER", "0"));

        await broker.SendAsync(Topic, "nobody else has it");
    }

    private static Dictionary<string, string> Fixed(string store, string role, string id) => new(StringComparer.Ordinal)
    {
        ["storePathRootDir"] = store,
        ["mappedFileSizeCommitLog"] = "65536",
        ["brokerRole"] = role,
        ["brokerId"] = id,
    };

    /// <summary>Every file and folder with what is in it and when it was written last.</summary>
    private static string[] Describe(string store) =>
    [
        .. Directory.EnumerateFileSystemEntries(store, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(static path => $"{path} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : "folder")}"),
    ];
}
