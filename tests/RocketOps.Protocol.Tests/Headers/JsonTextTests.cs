using System.Text;
using System.Text.Json;
using RocketOps.Protocol.Headers;

namespace RocketOps.Protocol.Tests.Headers;

public sealed class JsonTextTests
{
    private static readonly string[] Pieces = ["a", " ", "!", "~", "\"", "\\", "\n", "\u0001", "\u0002", "\u001f", "é", "中", "🚀", "0123456789abcdef"];

    /// <summary>16 bytes are looked at together, the last ones with some of those before.</summary>
    [Fact]
    public void Escape_TextsOfAnyLength_AreReadByAGeneralReaderAsTheyWere()
    {
        foreach (string text in Texts())
        {
            JsonSerializer.Deserialize<string>($"\"{Encoding.UTF8.GetString(Escape(text))}\"").Should().Be(text);
        }
    }

    /// <summary>The destination may be no longer than the text: what is copied 16 bytes at a time must fit into it.</summary>
    [Fact]
    public void Unescape_IntoAsMuchRoomAsTheTextHas_IsTheText()
    {
        foreach (string text in Texts())
        {
            byte[] escaped = Escape(text);
            byte[] unescaped = new byte[escaped.Length];

            int written = JsonText.Unescape(escaped, unescaped);

            Encoding.UTF8.GetString(unescaped, 0, written).Should().Be(text);
        }
    }

    private static byte[] Escape(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] escaped = new byte[JsonText.MaxEscapedLength(bytes.Length)];
        return escaped[..JsonText.Escape(bytes, escaped)];
    }

    private static IEnumerable<string> Texts()
    {
        Random random = new(1);
        for (int round = 0; round < 3000; round++)
        {
            yield return string.Concat(Enumerable.Range(0, random.Next(45)).Select(_ => Pieces[random.Next(round % 3 == 0 ? Pieces.Length : 4)])) + (round % 3 == 1 ? Pieces[random.Next(Pieces.Length)] : "");
        }
    }
}
