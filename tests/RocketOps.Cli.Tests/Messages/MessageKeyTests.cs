using System.Text;
using RocketOps.Cli.Messages;

namespace RocketOps.Cli.Tests.Messages;

/// <summary>Keys that a message can be found by.</summary>
public sealed class MessageKeyTests
{
    [Fact]
    public void FindProblem_OneWord_FindsNone()
    {
        MessageKey.FindProblem("o-17").Should().BeNull();
        MessageKey.FindLookupProblem("o\t17").Should().BeNull("only blanks separate keys");
    }

    [Theory]
    [InlineData("order 17", "--key order --key 17", "--key order")]
    [InlineData(" lead", "--key lead", "--key lead")]
    [InlineData("a  b", "--key a --key b", "--key a")]
    public void FindProblem_KeyWithBlanks_NamesTheWords(string key, string toSend, string toFind)
    {
        MessageKey.FindProblem(key).Should().Be($"\"{key}\" has a blank, which separates keys. Give each word as a key of its own: {toSend}.");
        MessageKey.FindLookupProblem(key).Should().Be($"\"{key}\" has a blank, and brokers store each word as a key. Look for one of the words: {toFind}.");
    }

    [Fact]
    public void Read_JsonKeyWithABlank_IsRefused() =>
        FluentActions.Invoking(static () => MessageJson.Read(Encoding.UTF8.GetBytes("""{"body":"x","keys":["pay 9"]}"""), new MessageDraft { Body = default }))
            .Should().Throw<FormatException>().WithMessage("\"pay 9\" has a blank, which separates keys. Give each word as a key of its own: [\"pay\", \"9\"].");
}
