namespace RocketOps.Testing.Remoting.Headers;

/// <summary>A request with one field that is missing or none of its type, or with a body that is none.</summary>
/// <param name="Row">The request as it should be.</param>
/// <param name="Field">The field; null of the body.</param>
/// <param name="Flaw">What is wrong with it.</param>
/// <param name="Fields">The header as it is sent.</param>
/// <param name="Body">The body as it is sent.</param>
public sealed record HeaderCase(HeaderRow Row, HeaderField? Field, string Flaw, IReadOnlyDictionary<string, string> Fields, ReadOnlyMemory<byte> Body)
{
    public const string Missing = "missing";
    public const string Word = "a word";
    public const string TooLarge = "too large";

    private const string EndOfTransaction = "commitOrRollback";

    /// <summary>Whether the field is not there though it must be, or is no number of its type: then the answer names it.</summary>
    public bool IsUnreadable => Field is { } of && (Flaw == Missing ? of.IsRequired : Flaw is Word or TooLarge && of.Type is HeaderType.Int32 or HeaderType.Int64);

    /// <summary>Every flaw of every field and of the body, one at a time.</summary>
    public static IEnumerable<HeaderCase> Of(HeaderRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        foreach (HeaderField field in row.Fields)
        {
            Dictionary<string, string> without = row.Header();
            without.Remove(field.Name);
            yield return new HeaderCase(row, field, Missing, without, row.Body);
            foreach ((string flaw, string value) in Values(field.Type))
            {
                if (field.Name == EndOfTransaction && flaw is "smallest" or "largest")
                {
                    // Means that the producer does not know yet, which nobody answers.
                    continue;
                }

                Dictionary<string, string> with = row.Header();
                with[field.Name] = value;
                yield return new HeaderCase(row, field, flaw, with, row.Body);
            }
        }

        if (!row.Body.IsEmpty)
        {
            foreach ((string flaw, byte[] body) in Bodies())
            {
                yield return new HeaderCase(row, null, flaw, row.Header(), body);
            }
        }
    }

    public override string ToString() => $"{Row.Code} {Row.Name}, {Field?.Name ?? "body"} {Flaw}";

    private static (string Flaw, string Value)[] Values(HeaderType type) => type switch
    {
        HeaderType.Int32 => [(Word, "many"), ("empty", string.Empty), (TooLarge, "2147483648"), ("smallest", "-2147483648"), ("largest", "2147483647")],
        HeaderType.Int64 => [(Word, "many"), ("empty", string.Empty), (TooLarge, "9223372036854775808"), ("smallest", "-9223372036854775808"), ("largest", "9223372036854775807")],
        HeaderType.Boolean => [(Word, "perhaps")],
        _ => [("empty", string.Empty), ("huge", new string('x', 40_000)), ("with separators", "a\u0001b\u0002c\0d%/../e")],
    };

    private static (string Flaw, byte[] Body)[] Bodies() =>
        [(Missing, []), (Word, "nothing"u8.ToArray()), ("null", "null"u8.ToArray()), ("an array", "[1,[2,{}]]"u8.ToArray()), ("empty", "{}"u8.ToArray()), ("broken", "{\"a\":[1,"u8.ToArray())];
}
