using System.Globalization;
using System.Text;

namespace RocketOps.Hosting.Properties;

/// <summary>
/// A catalog as text, for programs that check configurations of another one without holding its code. One line for each key, its columns separated by tabs: name, shape
/// (<c>int MIN MAX</c>, <c>long MIN MAX</c>, <c>double MIN MAX</c>, <c>bool</c>, <c>text</c>, <c>choice A B …</c>, <c>only VALUE</c>, <c>ignored</c>, <c>unsupported</c>, or
/// <c>code</c> where the program alone can tell and any text passes), default, what is to be said of a value that is not allowed, and <c>live</c> for a key that takes effect without a restart. Read, a catalog judges as
/// the one it was written from, except for <c>code</c>.
/// </summary>
public static class PropertyCatalogText
{
    private const string Code = "code";
    private const string Live = "live";

    /// <summary>
    /// Writes the definitions in the order of names. Defaults of text are left out unless the key is live: they may name folders of this
    /// machine.
    /// </summary>
    public static string Write(PropertyCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        StringBuilder text = new();
        foreach (PropertyDefinition definition in catalog.Definitions)
        {
            string shape = definition.Shape ?? Code;
            string words = definition.Support == PropertySupport.Unsupported ? definition.Advice! : shape is Code || shape.StartsWith("only ", StringComparison.Ordinal) ? definition.Allowed : string.Empty;
            string standard = definition is PropertyDefinition<string> && !definition.IsLive ? string.Empty : definition.DefaultText ?? string.Empty;
            text.Append(CultureInfo.InvariantCulture, $"{definition.Name}\t{shape}\t{standard}\t{words}\t{(definition.IsLive ? Live : string.Empty)}\n");
        }

        return text.ToString();
    }

    /// <summary>Throws <see cref="FormatException"/> with the line when <paramref name="text"/> was not written by <see cref="Write"/>.</summary>
    public static PropertyCatalog Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PropertyCatalog(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ReadLine));
    }

    private static PropertyDefinition ReadLine(string line)
    {
        string[] columns = line.Split('\t');
        if (columns.Length != 5)
        {
            throw new FormatException($"\"{line}\" has {columns.Length} columns instead of 5.");
        }

        (string name, string standard, string words) = (columns[0], columns[2], columns[3]);
        bool live = columns[4] switch
        {
            Live => true,
            "" => false,
            _ => throw new FormatException($"\"{line}\" ends with a word that nobody knows."),
        };
        string[] shape = columns[1].Split(' ');
        CultureInfo invariant = CultureInfo.InvariantCulture;
        return shape switch
        {
            ["int", { } min, { } max] => PropertyDefinition.Int32(name, int.Parse(standard, invariant), int.Parse(min, invariant), int.Parse(max, invariant), live),
            ["long", { } min, { } max] => PropertyDefinition.Int64(name, long.Parse(standard, invariant), long.Parse(min, invariant), long.Parse(max, invariant), live),
            ["double", { } min, { } max] => PropertyDefinition.Double(name, double.Parse(standard, invariant), double.Parse(min, invariant), double.Parse(max, invariant), live),
            ["bool"] => PropertyDefinition.Boolean(name, bool.Parse(standard), live),
            ["text"] => PropertyDefinition.Text(name, standard, live),
            [Code] => PropertyDefinition.Text(name, standard, words, static _ => true, live),
            ["choice", .. { } choices] => PropertyDefinition.Choice(name, standard, choices.ToDictionary(static choice => choice, static choice => choice, StringComparer.Ordinal), live),
            ["only", { } value] => PropertyDefinition.Only(name, value, Why(words, value)),
            ["ignored"] => PropertyDefinition.Ignored(name, string.Empty),
            ["unsupported"] => PropertyDefinition.Unsupported(name, words),
            _ => throw new FormatException($"\"{line}\" has a shape that nobody knows."),
        };
    }

    /// <summary>Returns the reason that stands in brackets behind the value.</summary>
    private static string Why(string words, string value) => words.StartsWith(value + " (", StringComparison.Ordinal) && words.EndsWith(')')
        ? words[(value.Length + 2)..^1]
        : throw new FormatException($"\"{words}\" does not say why {value} alone is allowed.");
}
