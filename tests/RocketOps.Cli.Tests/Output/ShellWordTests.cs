using RocketOps.Cli.Output;

namespace RocketOps.Cli.Tests.Output;

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
