export {
  closeRequest,
  createPaymentRequest,
  getRequest,
  listRequests,
  resolveRequests,
  type PaymentRequest,
  type RequestKind,
  type RequestState,
  type RequestTerms,
} from "./requests.ts";
export { pollDueRequests, pollRequest } from "./request-payments.ts";
