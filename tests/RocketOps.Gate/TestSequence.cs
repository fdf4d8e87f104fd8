using System.Xml;
using System.Xml.Linq;

namespace RocketOps.Gate;

/// <summary>Which tests a host was at when it died: the file in which the test platform (<c>--blame</c>) notes each test that begins and ends.</summary>
internal static class TestSequence
{
    public const string Files = "Sequence_*.xml";

    /// <summary>The names of those that had begun and not ended. None for a file that is cut off: it is beside the point then.</summary>
    public static IReadOnlyList<string> Running(string path)
    {
        try
        {
            return [.. XDocument.Load(path).Descendants("Test").Where(test => test.Attribute("Completed")?.Value == "False").Select(test => test.Attribute("DisplayName")?.Value ?? "")];
        }
        catch (XmlException)
        {
            return [];
        }
    }
}
