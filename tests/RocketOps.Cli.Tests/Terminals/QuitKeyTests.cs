using System.Text;
using RocketOps.Cli.Terminals;

namespace RocketOps.Cli.Tests.Terminals;

public sealed class QuitKeyTests
{
    /// <summary>Pasted text and the codes of other keys come several bytes at a time.</summary>
    [Theory]
    [InlineData("q", true)]
    [InlineData("Q", true)]
    [InlineData("qq", true)]
    [InlineData("", false)]
    [InlineData("x", false)]
    [InlineData("quit", false)]
    [InlineData("\u001b[A", false)]
    [InlineData("\u001bq", false)]
    public void IsQuit_KeysOfOneLook_TakesOnlyTheKeyAlone(string keys, bool isQuit) => QuitKey.IsQuit(Encoding.ASCII.GetBytes(keys)).Should().Be(isQuit);
}
