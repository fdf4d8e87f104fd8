using System.CommandLine;
using System.Text;
using RocketOps.Cli.Running;
using RocketOps.Cli.Tests.Support;

namespace RocketOps.Cli.Tests.Running;

/// <summary>What every command says about itself, and about command lines that are wrong.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Commands() => [.. Paths(CommandTree.Create(Shell.OfThisProcess()), string.Empty).Where(static path => path.Length > 0)];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_Help_IsTheSnapshot(string path)
    {
        CliRun run = await CliRun.RunAsync([.. path.Split(' '), "--help"]);

        run.ExitCode.Should().Be(0);
        run.Error.Should().BeEmpty();
        await Snapshot.ShouldMatchAsync("help " + path, WithoutNameServers(run.Output));
    }

    [Fact]
    public async Task NoCommand_ListsAllInAUsefulOrder()
    {
        CliRun run = await CliRun.RunAsync();

        run.ExitCode.Should().Be(0);
        string[] listed = [.. run.OutputLines.SkipWhile(static line => line != "Commands:").Skip(1).Where(static line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ').Select(static line => line.Trim().Split(' ')[0])];
        listed.Should().Equal([.. CommandTree.Create(Shell.OfThisProcess()).Subcommands.Where(static command => !command.Hidden).Select(static command => command.Name)]);
    }

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help help", "--help")]
    [InlineData("help topic list", "topic list --help")]
    [InlineData("help group dlq", "group dlq --help")]
    [InlineData("group dlq", "group dlq --help")]
    [InlineData("help group dlq resend", "group dlq resend --help")]
    public async Task HelpAsAWord_IsTheSameAsTheOption(string words, string option) =>
        (await CliRun.RunAsync(words.Split(' '))).EnsureSuccess().Output.Should().Be((await CliRun.RunAsync(option.Split(' '))).Output);

    [Fact]
    public async Task Version_NamesOursAndTheProtocols() =>
        (await CliRun.RunAsync("--version")).EnsureSuccess().Output.Should().MatchRegex(@"^rocketops \d+\.\d+\.\d+\S*, speaks the remoting protocol of RocketMQ \d+\.\d+\.\d+\n$");

    [Fact]
    public async Task WrongUsage_IsOneLineWithTheNearestWord()
    {
        StringBuilder said = new();
        foreach (string[] words in await CommandLines.ReadAsync("usage-lines.txt"))
        {
            string line = string.Join(' ', words.Select(static word => word.Length == 0 ? "''" : word.Contains(' ', StringComparison.Ordinal) ? $"'{word}'" : word));
            CliRun run = await CliRun.RunAsync(words);
            said.Append("$ rocketops ").Append(line).Append('\n').Append(run.Output).Append(run.Error).Append('\n');
            run.ExitCode.Should().Be(2, "{0} is wrong", line);
            run.Error.Count(static letter => letter == '\n').Should().Be(1, "one line is enough for {0}", line);
        }

        await Snapshot.ShouldMatchAsync("usage", said.ToString());
    }

    private static IEnumerable<string> Paths(Command command, string path)
    {
        yield return path;
        foreach (Command sub in command.Subcommands.Where(static sub => !sub.Hidden))
        {
            foreach (string below in Paths(sub, path.Length == 0 ? sub.Name : $"{path} {sub.Name}"))
            {
                yield return below;
            }
        }
    }

    /// <summary>Their default depends on the machine.</summary>
    private static string WithoutNameServers(string help)
    {
        StringBuilder kept = new();
        bool isLeftOut = false;
        foreach (string line in help.Split('\n'))
        {
            isLeftOut = line.StartsWith("  -n, --name-servers", StringComparison.Ordinal) || (isLeftOut && line.StartsWith("        ", StringComparison.Ordinal));
            if (!isLeftOut)
            {
                kept.Append(line).Append('\n');
            }
        }

        return kept.ToString();
    }
}
