using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Pulling;

/// <summary>The pull that makes its group: the group's entry in the file is of no matter to it.</summary>
public sealed class FirstPullTests
{
    private const string File = "subscriptionGroup.json";

    /// <summary>The file is flushed and renamed, which a busy disk takes seconds for; sends wait for neither, and their messages are not to either.</summary>
    [Fact]
    public async Task FirstPull_OfAGroup_DoesNotWaitForItsEntryInTheFile()
    {
        HookedFileSystem files = new();
        using TempDirectory directory = new("first-pull-");
        TestBroker broker = await TestBroker.StartAsync(directory: directory, fileSystem: files);
        await using (broker)
        {
            // Open, at the latest, before the broker ends.
            using Gate gate = new();
            await broker.SendAsync("First", "there");
            files.BeforeRename = path =>
            {
                if (path.EndsWith(File, StringComparison.Ordinal))
                {
                    gate.Pass();
                }
            };

            RemotingCommand answer = await PullAsync(broker, "new");
            await gate.Reached;
            RemotingCommand again = await PullAsync(broker, "new");

            answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
            Requests.Decode(answer).Select(static message => message.Body).Should().Equal("there");
            again.Code.Should().Be(ResponseCode.Success, again.Remark);
            gate.Open();
        }

        (await System.IO.File.ReadAllTextAsync(Path.Combine(directory.File("store"), "config", File))).Should().Contain("\"new\"", "the broker ends when it is written");
    }

    [Fact]
    public async Task FirstPull_OfAGroupWhoseEntryCannotBeWritten_IsAnsweredAndTheLogTells()
    {
        HookedFileSystem files = new();
        using RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(fileSystem: files, loggers: log);
        await broker.SendAsync("First", "there");
        files.BeforeRename = static path =>
        {
            if (path.EndsWith(File, StringComparison.Ordinal))
            {
                throw new StoreIOException("rename", path, StoreIOException.NoSpace, "No space left on device");
            }
        };

        (await PullAsync(broker, "new")).Code.Should().Be(ResponseCode.Success);

        await Eventually.TrueAsync(() => log.Lines.Any(static line => line.Id == 3528 && line.Text.Contains("new", StringComparison.Ordinal)), "somebody has to know");
        files.BeforeRename = null;
    }

    private static Task<RemotingCommand> PullAsync(TestBroker broker, string group) =>
        broker.PullAsync(group, "First", 0, 0, PullMessageRequestHeader.SubscriptionFlag, subscription: "*");
}
