using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Commands;

/// <summary><c>rocketops context</c>, each command as a process with a configuration folder of its own.</summary>
public sealed class ContextTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TempDirectory _folder = new();

    private string ContextsFile => Path.Combine(_folder.Path, "rocketops", "contexts.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Context_SetUsedListedDeleted_IsWhatCommandsMean()
    {
        (await RunAsync("context", "list")).Error.Should().Be("there is no context yet: rocketops context set NAME HOST:PORT\n");
        (await RunAsync("context", "set", "staging", "127.0.0.1:7")).EnsureSuccess().Output.Should().Be("staging is 127.0.0.1:7\ncommands mean no context: what runs here, or -n\n");
        (await RunAsync("context", "set", "production", "127.0.0.1:9;127.0.0.1:11", "--use")).EnsureSuccess().Output.Should().Be("production is 127.0.0.1:9;127.0.0.1:11\ncommands mean production, 127.0.0.1:9;127.0.0.1:11\n");
        (await RunAsync("context", "list")).EnsureSuccess().Output.Should().Be(
            """
            CURRENT   CONTEXT      NAME-SERVERS
            yes       production   127.0.0.1:9;127.0.0.1:11
            no        staging      127.0.0.1:7

            """);

        (await RunAsync("topic", "list")).Error.Should().Contain("no name server answers at 127.0.0.1:9;127.0.0.1:11");
        (await RunAsync("topic", "list", "-n", "staging")).Error.Should().Contain("no name server answers at 127.0.0.1:7 ");
        (await RunAsync("topic", "list", "-n", "stagin")).Error.Should().Contain("-n takes addresses, HOST:PORT, or the name of a context, not \"stagin\".");
        (await RunAsync("__complete", "rocketops context use st")).EnsureSuccess().Output.Should().Be("staging\n");
        (await RunAsync("__complete", "rocketops topic list -n pr")).EnsureSuccess().Output.Should().Be("production\n");

        (await RunAsync("context", "use", "stagin")).Should().Match<ProcessResult>(static result => result.ExitCode == 1 && result.Error == "rocketops: there is no context stagin. Did you mean staging?\n");
        (await RunAsync("context", "use", "staging")).EnsureSuccess().Output.Should().Be("commands mean staging, 127.0.0.1:7\n");
        (await RunAsync("context", "delete", "staging")).EnsureSuccess().Output.Should().Be("staging is forgotten\ncommands mean no context: what runs here, or -n\n");
        (await RunAsync("context", "list", "-o", "json")).EnsureSuccess().Output.Should().Contain("\"context\": \"production\"").And.NotContain("staging");
    }

    [Fact]
    public async Task Contexts_FileIsNone_IsNamedAndLeftAlone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ContextsFile)!);
        await File.WriteAllTextAsync(ContextsFile, "{}");

        ProcessResult result = await RunAsync("context", "set", "staging", "127.0.0.1:7");

        result.ExitCode.Should().Be(1);
        result.Error.Should().Be($"rocketops: {ContextsFile} is no file of contexts. Move it aside; \"rocketops context set\" writes a new one.\n");
        (await File.ReadAllTextAsync(ContextsFile)).Should().Be("{}");
    }

    [Fact]
    public async Task Environment_NoAddress_IsWrongUsageThatNamesIt()
    {
        ProcessResult result = await RunWithAsync("host:99999", "topic", "list");

        result.ExitCode.Should().Be(2);
        result.Error.Should().Be("rocketops topic list: NAMESRV_ADDR: \"host:99999\": \"99999\" is no port, which is a number from 1 to 65535. Name servers are host:port separated by ;, for example 10.1.2.3:9876;[fd00::7]:9876. See \"rocketops topic list --help\".\n");
        (await RunWithAsync("host:99999", "topic", "list", "-n", "127.0.0.1:1")).Error.Should().Contain("no name server answers at 127.0.0.1:1 ");
    }

    [Fact]
    public async Task Context_AddressInItsFileIsNone_IsWrongUsageThatNamesIt()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ContextsFile)!);
        await File.WriteAllTextAsync(ContextsFile, """{"current":"staging","contexts":{"staging":"http://host:9876","other":"127.0.0.1:1"}}""");

        ProcessResult current = await RunAsync("topic", "list");
        ProcessResult named = await RunAsync("topic", "list", "-n", "staging");

        current.Should().Match<ProcessResult>(static result => result.ExitCode == 2 && result.Error.StartsWith("rocketops topic list: the current context: \"http://host:9876\": it is a URL."));
        named.Should().Match<ProcessResult>(static result => result.ExitCode == 2 && result.Error.StartsWith("rocketops topic list: context staging: \"http://host:9876\": it is a URL."));
        (await RunAsync("topic", "list", "-n", "other")).Error.Should().Contain("no name server answers at 127.0.0.1:1 ");
    }

    [Theory]
    [InlineData("12O")]
    [InlineData("1,5")]
    [InlineData("-1")]
    [InlineData(" 5")]
    [InlineData("99999999999")]
    public async Task Environment_PatienceThatIsNoNumber_IsWrongUsageThatNamesIt(string patience)
    {
        ProcessResult result = await ChildProcess.RunAsync(
            Programs.RocketOps,
            ["topic", "list", "-n", "127.0.0.1:1"],
            Patience,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_CONFIG_HOME"] = _folder.Path, [ChildProcess.PatienceVariable.Key] = patience });

        result.ExitCode.Should().Be(2);
        result.Error.Should().Be($"rocketops: ROCKETOPS_PATIENCE is a whole number of seconds from 0 to 86400, not \"{patience}\"; for example ROCKETOPS_PATIENCE=120.\n");
    }

    private Task<ProcessResult> RunAsync(params string[] arguments) => RunWithAsync(string.Empty, arguments);

    private Task<ProcessResult> RunWithAsync(string nameServers, params string[] arguments) => ChildProcess.RunAsync(
        Programs.RocketOps,
        arguments,
        Patience,
        new Dictionary<string, string>(StringComparer.Ordinal) { ["XDG_CONFIG_HOME"] = _folder.Path, ["XDG_RUNTIME_DIR"] = _folder.Path, ["NAMESRV_ADDR"] = nameServers });
}
