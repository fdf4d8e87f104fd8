using RocketOps.Cli.Up;

namespace RocketOps.Cli.Tests.Up;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("/home/me/.rocketops/kubeconfig", "/home/me/.rocketops/kubeconfig")]
    [InlineData("/home/my data/kubeconfig", "'/home/my data/kubeconfig'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$HOME;`x`", "'$HOME;`x`'")]
    [InlineData("", "''")]
    public void Quote_AnyText_IsOneWord(string text, string expected) => ShellWord.Quote(text).Should().Be(expected);
}
