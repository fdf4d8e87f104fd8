using RocketOps.Cli.Arguments;

namespace RocketOps.Cli.Tests.Arguments;

public sealed class NameCheckTests
{
    [Theory]
    [InlineData("", "a name is not empty.")]
    [InlineData("a/b", "\"a/b\" has letters other than a-z, A-Z, 0-9, _, -, % and |.")]
    [InlineData("%a|Z_-9", null)]
    public void FindProblem_SaysWhatIsWrong(string name, string? problem) => NameCheck.FindProblem(name).Should().Be(problem);

    [Theory]
    [InlineData("", 127)]
    [InlineData("%RETRY%", 255)]
    [InlineData("%DLQ%", 255)]
    public void FindProblem_TooLong_NamesTheLimit(string prefix, int longest)
    {
        NameCheck.FindProblem(prefix.PadRight(longest, 'x')).Should().BeNull();
        NameCheck.FindProblem(prefix.PadRight(longest + 1, 'x')).Should().Be($"a name has at most {longest} letters, this one {longest + 1}.");
    }
}
