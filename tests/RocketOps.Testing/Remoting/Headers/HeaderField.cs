namespace RocketOps.Testing.Remoting.Headers;

/// <summary>What Java reads a header field as.</summary>
public enum HeaderType
{
    Text,
    Int32,
    Int64,
    Boolean,
}

/// <summary>A field of a request's header.</summary>
/// <param name="Name">As it is called on the wire.</param>
/// <param name="Type">What it is read as.</param>
/// <param name="Value">One that is taken.</param>
/// <param name="IsRequired">Our servers refuse the request without it.</param>
/// <param name="LongName">What the field is called where its name on the wire is a letter.</param>
public sealed record HeaderField(string Name, HeaderType Type, string Value, bool IsRequired, string? LongName = null);
