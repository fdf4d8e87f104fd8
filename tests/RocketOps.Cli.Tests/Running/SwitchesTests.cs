using System.CommandLine;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Tests.Running;

/// <summary>Values of options that are on or off.</summary>
public sealed class SwitchesTests
{
    private static readonly string[] Allowed = ["--yes", "--yes=true", "--yes=false", "-y=FALSE", "--yes:true", "--yes word", "no --yes", "--yes -- no", "-- --yes=no", "--name no", "--name=no"];

    [Fact]
    public void FindProblem_TrueFalseOrNothing_FindsNone()
    {
        foreach (string line in Allowed)
        {
            Switches.FindProblem(Make(out _), line.Split(' ')).Should().BeNull("{0} is allowed", line);
        }
    }

    [Theory]
    [InlineData("--yes=no", "--yes is not \"no\": it takes --yes, --yes=true or --yes=false.")]
    [InlineData("-y=1", "-y is not \"1\": it takes --yes, --yes=true or --yes=false.")]
    [InlineData("--yes=", "--yes is not \"\": it takes --yes, --yes=true or --yes=false.")]
    [InlineData("--yes no", "\"--yes no\": it takes --yes, --yes=true or --yes=false. An argument no belongs before --yes.")]
    [InlineData("-y False", "\"-y False\": it takes --yes, --yes=true or --yes=false. An argument False belongs before -y.")]
    public void FindProblem_AnyOtherValue_NamesTheOptionAndWhatItTakes(string line, string problem) =>
        Switches.FindProblem(Make(out _), line.Split(' ')).Should().Be(problem);

    [Theory]
    [InlineData("--yes", true)]
    [InlineData("--yes=true", true)]
    [InlineData("--yes=false", false)]
    [InlineData("", false)]
    public void Switch_AllowedValue_IsTaken(string line, bool expected)
    {
        Command command = Make(out Option<bool> yes);

        command.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).GetValue(yes).Should().Be(expected);
    }

    private static Command Make(out Option<bool> yes)
    {
        yes = new Option<bool>("--yes", "-y");
        return new Command("do") { yes, new Option<string>("--name"), new Argument<string[]>("WORD") };
    }
}
