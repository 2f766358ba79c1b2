import { accrued, cess, dishonour, late, ready, received, type ReadyService } from "./definition.ts";

const PROPERTY = {
  priorIncomeAccount: "2801000",
  arrearsAccount: "4311004",
  rebateAccount: "1109004",
  provisionAccount: "4321000",
  writeOffAccount: "2703001",
};
const PROPERTY_CESS = {
  receivableAccount: "4311001",
  arrearsAccount: "4311004",
  provisionAccount: "4321000",
  cessControlAccount: "4319100",
  cessPayableAccount: "3503001",
  cessProvisionAccount: "4329100",
};
const CHARGES = { priorIncomeAccount: "2802000", provisionAccount: "4323000" };

/** Taxes and charges that are demanded period by period. */
export const TAXES_AND_CHARGES: readonly ReadyService[] = [
  ready({
    service: "property-tax",
    name: "Property tax",
    nameLocal: "संपत्ति कर",
    function: "91",
    advanceAccount: "3504101",
    cycle: "year",
    upyog: { code: "PT", isPartPaymentAllowed: true, isAdvanceAllowed: false },
    heads: [
      accrued("PT_TAX", "tax", ["General property tax", "सामान्य संपत्ति कर"], "1100101", "4311001", PROPERTY),
      cess("PT_LIBRARY_CESS", ["Library cess", "पुस्तकालय उपकर"], "PT_TAX", { ...PROPERTY_CESS, cessPercent: "8" }),
      cess("PT_FIRE_CESS", ["Fire cess", "अग्नि उपकर"], "PT_TAX", { ...PROPERTY_CESS, priority: 111 }),
      cess("PT_CANCER_CESS", ["Cancer cess", "कैंसर उपकर"], "PT_TAX", { ...PROPERTY_CESS, priority: 112 }),
      late("PT_PENALTY", "penalty", ["Penalty for late payment of property tax", "संपत्ति कर विलंब शास्ति"], "1402010"),
      late("PT_INTEREST", "interest", ["Interest on property tax", "संपत्ति कर पर ब्याज"], "1718001"),
      accrued("PT_NOTICE_FEE", "fee", ["Notice and warrant fee", "सूचना एवं वारंट शुल्क"], "1404007", "4314006", {
        priority: 21,
      }),
      dishonour("PT_DISHONOUR_CHARGE"),
    ],
  }),
  ready({
    service: "vacant-land-tax",
    name: "Vacant land tax",
    nameLocal: "रिक्त भूमि कर",
    function: "91",
    advanceAccount: "3504101",
    cycle: "year",
    upyog: { code: "PT", isPartPaymentAllowed: true, isAdvanceAllowed: false },
    heads: [
      accrued("VLT_TAX", "tax", ["Vacant land tax", "रिक्त भूमि कर"], "1100102", "4311003", PROPERTY),
      cess("VLT_LIBRARY_CESS", ["Library cess", "पुस्तकालय उपकर"], "VLT_TAX", {
        ...PROPERTY_CESS,
        receivableAccount: "4311003",
        cessPercent: "8",
      }),
      late("VLT_PENALTY", "penalty", ["Penalty for late payment", "विलंब शास्ति"], "1402010"),
      late("VLT_INTEREST", "interest", ["Interest", "ब्याज"], "1718001"),
      dishonour("VLT_DISHONOUR_CHARGE"),
    ],
  }),
  ready({
    service: "water",
    name: "Water charges",
    nameLocal: "जल प्रभार",
    function: "51",
    advanceAccount: "3504105",
    cycle: "month",
    upyog: { code: "WS", isPartPaymentAllowed: true, isAdvanceAllowed: true },
    heads: [
      accrued("WS_CHARGE", "charge", ["Water charges", "जल प्रभार"], "1405013", "4313001", {
        provisionAccount: "4323000",
      }),
      cess("WS_WATER_CESS", ["Water cess", "जल उपकर"], "WS_CHARGE", {
        receivableAccount: "4313001",
        arrearsAccount: "4313001",
        provisionAccount: "4323000",
        cessControlAccount: "4319200",
        cessPayableAccount: "3503006",
        cessProvisionAccount: "4329200",
      }),
      late("WS_PENALTY", "penalty", ["Penalty for late payment of water charges", "जल प्रभार विलंब शास्ति"], "1402012"),
      late("WS_INTEREST", "interest", ["Interest on water charges", "जल प्रभार पर ब्याज"], "1718001"),
      dishonour("WS_DISHONOUR_CHARGE"),
    ],
  }),
  ready({
    service: "sewerage",
    name: "Sewerage charges",
    nameLocal: "सीवरेज प्रभार",
    function: "52",
    advanceAccount: "3504106",
    cycle: "month",
    upyog: { code: "SW", isPartPaymentAllowed: true, isAdvanceAllowed: true },
    heads: [
      accrued("SW_CHARGE", "charge", ["Sewerage charges", "सीवरेज प्रभार"], "1405009", "4313001", CHARGES),
      received("SW_CONNECTION_FEE", ["Sewerage connection fee", "सीवरेज संयोजन शुल्क"], "1100302"),
      late("SW_PENALTY", "penalty", ["Penalty for late payment", "विलंब शास्ति"], "1402009"),
      late("SW_INTEREST", "interest", ["Interest", "ब्याज"], "1718001"),
      dishonour("SW_DISHONOUR_CHARGE"),
    ],
  }),
  ready({
    service: "solid-waste",
    name: "User charge for solid waste",
    nameLocal: "ठोस अपशिष्ट उपयोक्ता प्रभार",
    function: "41",
    advanceAccount: "3504106",
    cycle: "month",
    upyog: { code: "SWM", isPartPaymentAllowed: true, isAdvanceAllowed: true },
    heads: [
      accrued(
        "SWM_CHARGE",
        "charge",
        ["User charge for solid waste", "ठोस अपशिष्ट उपयोक्ता प्रभार"],
        "1405005",
        "4313001",
        CHARGES,
      ),
      late("SWM_PENALTY", "penalty", ["Penalty for late payment", "विलंब शास्ति"], "1402009"),
      dishonour("SWM_DISHONOUR_CHARGE"),
    ],
  }),
  ready({
    service: "advertisement",
    name: "Advertisement tax and fees",
    nameLocal: "विज्ञापन कर एवं शुल्क",
    function: "93",
    advanceAccount: "3504102",
    cycle: "year",
    upyog: { code: "ADVT", isPartPaymentAllowed: false, isAdvanceAllowed: false },
    heads: [
      ...(
        [
          ["ADV_LAND_HOARDING", "Hoardings on land", "भूमि पर होर्डिंग", "1101101"],
          ["ADV_BUS_SHELTER", "Advertisements on bus shelters", "बस शेल्टर पर विज्ञापन", "1101102"],
          ["ADV_VEHICLE", "Advertisements on vehicles", "वाहनों पर विज्ञापन", "1101103"],
          ["ADV_TRAFFIC_SIGNAL", "Advertisements at traffic signals", "यातायात संकेतों पर विज्ञापन", "1101104"],
        ] as const
      ).map(([code, en, hi, account]) =>
        accrued(code, "tax", [en, hi], account, "4311901", {
          priorIncomeAccount: "2801000",
          provisionAccount: "4321200",
          writeOffAccount: "2703002",
        }),
      ),
      received("ADV_PERMIT_FEE", ["Fee for erecting a hoarding", "होर्डिंग लगाने का शुल्क"], "1401203", {
        function: "12",
      }),
      late("ADV_PENALTY", "penalty", ["Penalty", "शास्ति"], "1402009"),
      dishonour("ADV_DISHONOUR_CHARGE"),
    ],
  }),
  ready({
    service: "rent",
    name: "Rents and leases",
    nameLocal: "किराया एवं पट्टा",
    function: "06",
    advanceAccount: "3504104",
    cycle: "month",
    upyog: { code: "RT.Municipal_Shops_Rent", isPartPaymentAllowed: false, isAdvanceAllowed: false },
    heads: [
      accrued("RENT", "charge", ["Rent", "किराया"], "1301015", "4314001", {
        priorIncomeAccount: "2804000",
        provisionAccount: "4324000",
      }),
      accrued("RENT_LEASE_LAND", "charge", ["Lease rent of land", "भूमि का पट्टा किराया"], "1304001", "4314001", {
        priorIncomeAccount: "2804000",
        provisionAccount: "4324000",
      }),
      // GST is owed to the Government by the invoice, paid or not (RN-01), and bears no interest of the lease: a fee whose "income" is a debt.
      accrued("RENT_CGST", "fee", ["CGST on rent", "किराये पर सीजीएसटी"], "3502035", "4314007", { priority: 30 }),
      accrued("RENT_SGST", "fee", ["SGST on rent", "किराये पर एसजीएसटी"], "3502034", "4314007", { priority: 31 }),
      late("RENT_INTEREST", "interest", ["Interest on rent", "किराये पर ब्याज"], "1718001"),
      dishonour("RENT_DISHONOUR_CHARGE"),
    ],
  }),
];
